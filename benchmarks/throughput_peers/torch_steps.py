"""The PyTorch contestants: a lean step, eager, compiled or one CUDA graph, and gan.py's loop restated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from throughput_peers.cases import Case
from throughput_peers.chains import Shape
from throughput_peers.requests import Requests
from throughput_peers.torch_networks import build

WARM_STEPS = 4  # before a graph is captured: cuDNN has chosen its kernels, and Adam has its state, by then


@dataclass(frozen=True)
class Ways:
    """How a lean step runs.

    Attributes:
        tuned: TF32 everywhere, cuDNN's search for the fastest kernels, channels last in memory, fused Adam.
        graph: the whole step is captured once as a CUDA graph, which is then replayed.
        compiled: ``torch.compile`` makes the passes of both networks.
        bfloat16: they compute in bfloat16 by autocast; losses, penalty and weights stay float32.
    """

    tuned: bool = False
    graph: bool = False
    compiled: bool = False
    bfloat16: bool = False


class LeanStep:
    """A training step that does as little as PyTorch can do for it; called, it does one.

    One pass of G for each update of D, on the detached fakes of which G is then updated through the updated
    D, with no gradient by D's kernels in that pass; gradients are dropped rather than zeroed; images are
    picked from one tensor on the device. Where the case has a penalty, the losses are those of WGAN-GP.

    Args:
        case: the networks and the batch.
        ways: how it runs.
        device: PyTorch's name of the device; it is the default device by now.
    """

    def __init__(self, case: Case, ways: Ways, device: str) -> None:
        self.case, self.ways, self.device = case, ways, device
        self.layout = torch.channels_last if ways.tuned else torch.contiguous_format
        self.images = _images(case, case.image_shape).contiguous(memory_format=self.layout)
        if case.translates:
            self.sources = _images(case, case.generator.inputs).contiguous(memory_format=self.layout)
        self.generator, self.g_optimizer = self._prepare(build(case.generator))
        self.g_parameters = list(self.generator.parameters())
        self.networks = [self.generator]
        if case.discriminator is not None:
            discriminator = build(case.discriminator, spectral_norm=case.spectral_norm)
            self.discriminator, self.d_optimizer = self._prepare(discriminator)
            self.networks.append(self.discriminator)

    def _prepare(self, network: nn.Module) -> tuple[nn.Module, torch.optim.Optimizer]:
        network = network.to(memory_format=self.layout)
        settings = {"fused": True, "capturable": self.ways.graph} if self.ways.tuned else {}
        optimizer = _adam(network, **settings)
        return torch.compile(network) if self.ways.compiled else network, optimizer

    def __call__(self) -> None:
        """Updates D ``n_critic`` times, then G once."""
        n = self.case.batch_size
        for _ in range(self.case.n_critic):
            chosen = torch.randint(len(self.images), (n,))
            inputs = self.sources[chosen] if self.case.translates else torch.randn(n, self.case.latent_dim)
            real, fakes = self.images[chosen], self._apply(self.generator, inputs)
            if self.case.discriminator is not None:
                self.d_optimizer.zero_grad(set_to_none=True)
                self._discriminator_loss(inputs, real, fakes.detach()).backward()
                self.d_optimizer.step()
        self.g_optimizer.zero_grad(set_to_none=True)
        self._generator_loss(inputs, real, fakes).backward(inputs=self.g_parameters)
        self.g_optimizer.step()

    def _apply(self, network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        # Casts are not kept: a graph that is replayed would go on with those of its capture.
        kind = self.device.partition(":")[0]
        with torch.autocast(kind, torch.bfloat16, enabled=self.ways.bfloat16, cache_enabled=False):
            return network(inputs).float()

    def _logits(self, inputs: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([inputs, pictures], dim=1) if self.case.translates else pictures
        return self._apply(self.discriminator, seen)

    def _discriminator_loss(
        self, inputs: torch.Tensor, real: torch.Tensor, fakes: torch.Tensor
    ) -> torch.Tensor:
        real_logits, fake_logits = self._logits(inputs, real), self._logits(inputs, fakes)
        if self.case.penalty:
            return fake_logits.mean() - real_logits.mean() + 10.0 * self._penalty(real, fakes)
        if self.case.hinge:
            return torch.relu(1.0 - real_logits).mean() + torch.relu(1.0 + fake_logits).mean()
        return _cross_entropy(real_logits, 1.0) + _cross_entropy(fake_logits, 0.0)

    def _generator_loss(self, inputs: torch.Tensor, real: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
        distance = self.case.pixel_weight * (real - fakes).abs().mean() if self.case.pixel_weight else 0.0
        if self.case.discriminator is None:
            return distance
        logits = self._logits(inputs, fakes)
        if self.case.penalty or self.case.hinge:
            return distance - logits.mean()
        return distance + _cross_entropy(logits, 1.0)

    def _penalty(self, real: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
        """Returns the mean of (gradient norm - 1)^2 between real and fake images."""
        mixing = torch.rand(len(real), 1, 1, 1)
        points = (mixing * real + (1.0 - mixing) * fakes).requires_grad_()
        logits = self._apply(self.discriminator, points)
        (gradients,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
        return ((gradients.flatten(1).norm(dim=1) - 1.0) ** 2).mean()

    def capture(self) -> Callable[[], None]:
        """Captures one step as a CUDA graph and returns what replays it.

        The first steps run on a stream of their own, as PyTorch's notes on CUDA graphs ask for.
        """
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_STEPS):
                self()
        torch.cuda.current_stream().wait_stream(stream)
        # Gradients of these steps are dropped here: the graph's own live in its own memory.
        for network in self.networks:
            network.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self()
        return graph.replay


def _cross_entropy(logits: torch.Tensor, target: float) -> torch.Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def run_lean(case: Case, threads: int, requests: Requests) -> None:
    """Trains by a lean eager step, with PyTorch's own settings, for as long as steps are asked for."""
    _train(case, threads, requests, Ways())


def run_tuned(case: Case, threads: int, requests: Requests) -> None:
    """The same with everything that makes an eager step on a GPU faster."""
    _train(case, threads, requests, Ways(tuned=True))


def run_compiled(case: Case, threads: int, requests: Requests) -> None:
    """The same with networks by ``torch.compile``."""
    _train(case, threads, requests, Ways(tuned=True, compiled=True))


def run_graph(case: Case, threads: int, requests: Requests) -> None:
    """The same as one CUDA graph for the whole step."""
    _train(case, threads, requests, Ways(tuned=True, graph=True))


def run_graph_bfloat16(case: Case, threads: int, requests: Requests) -> None:
    """The same graph in bfloat16."""
    _train(case, threads, requests, Ways(tuned=True, graph=True, bfloat16=True))


def _train(case: Case, threads: int, requests: Requests, ways: Ways) -> None:
    device = _begin(threads, requests)
    if ways.tuned:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    step = LeanStep(case, ways, device)
    requests.start(**_facts(device))
    _serve(step.capture() if ways.graph else step, requests)


def _begin(threads: int, requests: Requests) -> str:
    """Makes the device of ``requests`` PyTorch's default and returns PyTorch's name of it."""
    if requests.device == "cpu":
        torch.set_num_threads(threads)
        return "cpu"
    torch.set_default_device("cuda")
    requests.synchronise = torch.cuda.synchronize
    requests.memory_mb = lambda: torch.cuda.max_memory_allocated() / 1e6
    return "cuda"


def _facts(device: str) -> dict[str, str]:
    return {"torch": torch.__version__} | ({} if device == "cpu" else {"gpu": torch.cuda.get_device_name()})


def run_gan_py(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for, in the order and with the habits of gan.py, on a CPU.

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

    requests.start(**_facts("cpu"))
    _serve(train_step, requests)


def _serve(train_step: Callable[[], None], requests: Requests) -> None:
    train_step()
    while requests.go_on():
        train_step()


def _adam(network: nn.Module, **settings: bool) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), **settings)


def _images(case: Case, shape: Shape) -> torch.Tensor:
    """Returns uniform noise in [-1, 1], (N, C, H, W), for many batches but no more than fill half a GB."""
    height, width, channels = shape
    batches = min(64, max(1, 2**27 // (case.batch_size * height * width * channels)))
    return torch.rand(batches * case.batch_size, channels, height, width) * 2 - 1


def _batches(case: Case) -> Iterator[torch.Tensor]:
    loader = DataLoader(
        TensorDataset(_images(case, case.image_shape)), case.batch_size, shuffle=True, drop_last=True
    )
    while True:
        for (real,) in loader:
            yield real
