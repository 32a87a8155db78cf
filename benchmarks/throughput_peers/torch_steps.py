"""Two PyTorch contestants, both eager: a lean step, and the loop of PyTorch-GAN's gan.py restated."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from throughput_peers.cases import Case, Layer, Network
from throughput_peers.requests import Requests


def build(network: Network) -> nn.Sequential:
    """Builds a network of a case; the layout is PyTorch's own, channels first."""
    modules = []
    for layer, shape in network.walk():
        if layer.kind == "dense":
            if len(shape) > 1:
                modules.append(nn.Flatten())
            modules.append(nn.Linear(int(np.prod(shape)), layer.width, bias=layer.bias))
        else:
            modules.append(_convolution(layer, shape[-1]))
        if layer.batch_norm:
            modules.append((nn.BatchNorm1d if layer.kind == "dense" else nn.BatchNorm2d)(layer.width))
        if layer.reshape:
            height, width, channels = layer.reshape
            modules.append(nn.Unflatten(1, (channels, height, width)))
        if layer.activation:
            modules.append(nn.LeakyReLU(0.2, inplace=True) if layer.activation == "leaky_relu" else nn.Tanh())
        if layer.dropout:
            modules.append(nn.Dropout(layer.dropout))
    return nn.Sequential(*modules)


def _convolution(layer: Layer, channels: int) -> nn.Module:
    # "Same" padding; a transposed convolution's output is completed to stride times its input.
    padding = (layer.kernel - 1) // 2
    settings = {"stride": layer.stride, "padding": padding, "bias": layer.bias}
    if layer.kind == "convolution":
        enlarged = [nn.Upsample(scale_factor=layer.enlarge)] if layer.enlarge > 1 else []
        return nn.Sequential(*enlarged, nn.Conv2d(channels, layer.width, layer.kernel, **settings))
    missing = layer.stride + 2 * padding - layer.kernel
    return nn.ConvTranspose2d(channels, layer.width, layer.kernel, output_padding=missing, **settings)


def run_lean(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for, as little as eager PyTorch can do for it.

    One pass of G for each update of D, on the detached fakes of which G is then updated through the updated
    D, with no gradient by D's kernels in that pass; gradients are dropped rather than zeroed; images are
    picked from one tensor. Where the case has a penalty, the losses are those of WGAN-GP.
    """
    torch.set_num_threads(threads)
    images = _images(case)
    generator, discriminator = build(case.generator), build(case.discriminator)
    g_optimizer, d_optimizer = _adam(generator), _adam(discriminator)
    g_parameters = list(generator.parameters())
    loss = nn.BCEWithLogitsLoss()
    n = case.batch_size
    ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)

    def discriminator_loss(real: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
        real_logits, fake_logits = discriminator(real), discriminator(fakes)
        if case.penalty:
            return fake_logits.mean() - real_logits.mean() + 10.0 * _penalty(discriminator, real, fakes)
        return loss(real_logits, ones) + loss(fake_logits, zeros)

    def train_step() -> None:
        for _ in range(case.n_critic):
            fakes = generator(torch.randn(n, case.latent_dim))
            real = images[torch.randint(len(images), (n,))]
            d_optimizer.zero_grad(set_to_none=True)
            discriminator_loss(real, fakes.detach()).backward()
            d_optimizer.step()
        g_optimizer.zero_grad(set_to_none=True)
        logits = discriminator(fakes)
        g_loss = -logits.mean() if case.penalty else loss(logits, ones)
        g_loss.backward(inputs=g_parameters)
        g_optimizer.step()

    _serve(train_step, requests)


def _penalty(discriminator: nn.Module, real: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
    """Returns the mean of (gradient norm - 1)^2 between real and fake images."""
    mixing = torch.rand(len(real), 1, 1, 1)
    points = (mixing * real + (1.0 - mixing) * fakes).requires_grad_()
    (gradients,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
    return ((gradients.flatten(1).norm(dim=1) - 1.0) ** 2).mean()


def run_gan_py(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for, in the order and with the habits of gan.py.

    G first, then D on the same fakes; probabilities and BCELoss; targets made in each step; G's pass computes
    the gradient by D's kernels too, for nothing; a DataLoader collates the images; both losses are read in
    each step. Its pictures, written every 400 steps, are left out.
    """
    torch.set_num_threads(threads)
    generator = build(case.generator)
    discriminator = nn.Sequential(build(case.discriminator), nn.Sigmoid())
    g_optimizer, d_optimizer = _adam(generator), _adam(discriminator)
    loss = nn.BCELoss()
    batches = _batches(case)
    random = np.random.default_rng(0)

    def train_step() -> None:
        real = next(batches)
        valid, fake = torch.full((len(real), 1), 1.0), torch.full((len(real), 1), 0.0)
        g_optimizer.zero_grad()
        latents = torch.tensor(random.normal(size=(len(real), case.latent_dim)), dtype=torch.float32)
        fakes = generator(latents)
        g_loss = loss(discriminator(fakes), valid)
        g_loss.backward()
        g_optimizer.step()
        d_optimizer.zero_grad()
        d_loss = (loss(discriminator(real), valid) + loss(discriminator(fakes.detach()), fake)) / 2
        d_loss.backward()
        d_optimizer.step()
        f"D {d_loss.item()} G {g_loss.item()}"

    _serve(train_step, requests)


def _serve(train_step: Callable[[], None], requests: Requests) -> None:
    requests.start(torch=torch.__version__)
    train_step()
    while requests.go_on():
        train_step()


def _adam(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))


def _images(case: Case) -> torch.Tensor:
    height, width, channels = case.image_shape
    return torch.rand(64 * case.batch_size, channels, height, width) * 2 - 1


def _batches(case: Case) -> Iterator[torch.Tensor]:
    loader = DataLoader(TensorDataset(_images(case)), case.batch_size, shuffle=True, drop_last=True)
    while True:
        for (real,) in loader:
            yield real
