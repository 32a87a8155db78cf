"""No update of a weight may overtake a pass that reads it, whatever TensorFlow makes of the graph.

The gradient of a penalty by a bias is zero, so that only a control edge keeps the bias's update behind the
penalty's pass; TensorFlow drops such edges where it thinks that others imply them.
"""

from collections import defaultdict

import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from tests.conftest import tiny_dataset, tiny_gan
from tests.gans.test_types import TYPES
from tfgan_ref.gans import WGANGP, FusedAdam, VanillaGAN
from tfgan_ref.gans.techniques import InstanceNoise

EVERYTHING = {
    "dropout": 0.2, "r1": 0.1, "instance_noise": InstanceNoise(0.1), "replay": 12, "n_critic": 2,
}  # fmt: skip
CASES = {name: (kind, EVERYTHING) for name, kind in TYPES.items()}
FAST = {"VanillaGAN", "WGANGP", "fused WGANGP", "simultaneous WGANGP"}
WRITES = {"AssignVariableOp": 1, "AssignAddVariableOp": 1, "AssignSubVariableOp": 1, "ResourceApplyAdam": 3}
for kind in (VanillaGAN, WGANGP):
    fused = (FusedAdam(1e-2), FusedAdam(1e-2))
    CASES |= {
        f"plain {kind.__name__}": (kind, {"n_critic": 1}),
        f"fused {kind.__name__}": (kind, {"n_critic": 1, "r1": 0.1, "optimizers": fused}),
        f"simultaneous {kind.__name__}": (kind, {"n_critic": 1, "r1": 0.1, "simultaneous": True}),
    }


@pytest.fixture(autouse=True)
def graphs_are_rewritten():
    """Lets TensorFlow rewrite graphs, as it does outside the tests."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def optimized_graphs(function, *arguments):
    """Runs a function and returns the nodes of the graphs that really ran."""
    context.context().enable_run_metadata()
    try:
        function(*arguments)
        graphs = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_run_metadata()
    return [graph.post_optimization_graph.node for graph in graphs]


def unordered(nodes):
    """Returns pairs of a write and another access of one variable between which there is no path."""
    inputs = {node.name: [name.lstrip("^").split(":")[0] for name in node.input] for node in nodes}
    before = {}

    def ancestors(name):
        if name not in before:
            before[name] = set()
            for source in inputs.get(name, ()):
                before[name] |= {source} | ancestors(source)
        return before[name]

    reads, writes = defaultdict(list), defaultdict(list)
    for node in nodes:
        if node.op == "ReadVariableOp":
            reads[node.input[0]].append(node.name)
        for variable in node.input[: WRITES.get(node.op, 0)]:
            writes[variable].append(node.name)
    return [
        (write, other)
        for variable, of_variable in writes.items()
        for write in of_variable
        for other in [*reads[variable], *of_variable]
        if other != write and other not in ancestors(write) and write not in ancestors(other)
    ]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param(*case, marks=[] if name in FAST else [pytest.mark.slow], id=name)
        for name, case in CASES.items()
    ],
)
def test_no_update_overtakes_a_pass(kind, settings):
    gan = tiny_gan(kind=kind, **settings)
    batch = next(iter(tiny_dataset(6 * gan.n_critic)))
    graphs = optimized_graphs(tf.function(gan.train_step, autograph=False), batch)
    updates = ("AssignSubVariableOp", "ResourceApplyAdam")
    writes = [node for nodes in graphs for node in nodes if node.op in updates]
    assert len(writes) >= len(gan.generator.trainable_variables)
    assert [pair for nodes in graphs for pair in unordered(nodes)] == []


def test_an_unordered_read_is_found():
    variable, other = tf.Variable(1.0), tf.Variable(1.0)

    @tf.function
    def ordered():
        value = variable.read_value()
        variable.assign(value + other)
        return value

    nodes = max(optimized_graphs(ordered), key=len)
    assert unordered(nodes) == []
    (write,) = (node for node in nodes if node.op == "AssignVariableOp")
    del write.input[1:]
    assert len(unordered(nodes)) == 1
