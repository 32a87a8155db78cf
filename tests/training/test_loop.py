"""The loop written out against Keras's fit."""

import pytest

from tests.conftest import same, slow_ones, tiny_dataset, tiny_gan, values
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.training.loop import train

SETTINGS = {
    "dropout": 0.3, "batch_norm": True, "replay": 12, "instance_noise": InstanceNoise(0.2, 10), "n_critic": 2,
}  # fmt: skip


def everything_trained(gan):
    """All state but the running means of the losses, which TensorFlow may add up in another order."""
    return values(v for name, group in gan.state().items() if name != "metrics" for v in group)


EAGERLY, IN_ONE_CALL = {"run_eagerly": True}, {"steps_per_execution": 5}
OTHERS = [(False, EAGERLY), (False, IN_ONE_CALL)]


@pytest.mark.parametrize(("conditional", "compiled"), slow_ones([(True, EAGERLY), *OTHERS], OTHERS))
def test_loop_and_fit_give_the_same_weights(conditional, compiled):
    by_loop = tiny_gan(conditional, **SETTINGS)
    means = train(by_loop, tiny_dataset(12), 5, steps_per_call=2)
    by_fit = tiny_gan(conditional, compiled=compiled, **SETTINGS)
    by_fit.fit(tiny_dataset(12), steps_per_epoch=5, verbose=0, shuffle=False)
    assert int(by_loop.step.numpy()) == 5
    assert same(everything_trained(by_loop), everything_trained(by_fit))
    assert means == {m.name: pytest.approx(float(m.result())) for m in by_fit.metrics}


def test_means_are_those_of_the_last_call():
    gan = tiny_gan()
    for steps in (3, 2):
        train(gan, tiny_dataset(), steps)
        assert {float(metric.count.numpy()) for metric in gan.metrics} == {steps}
    assert int(gan.step.numpy()) == 5
