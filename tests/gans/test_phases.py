"""Graphs of phases: what TensorFlow says of tracing them is hidden where it is meant to trace."""

import logging
from types import SimpleNamespace

from tfgan_ref.gans.phases import graph_of_each_phase

RETRACING = "5 out of the last 5 calls to <function> triggered tf.function retracing. Tracing is expensive"


def test_the_first_call_of_a_phase_may_trace_and_no_other(monkeypatch, caplog):
    said = []
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "handlers", [logging.Handler()])
    caplog.set_level(logging.WARNING, "tensorflow")  # the scripts, run in this process, raise it
    monkeypatch.setattr(logger.handlers[0], "emit", lambda record: said.append(record.getMessage()))

    def graph(iterator):
        logger.warning("%s", RETRACING)
        logger.warning("something else, step %d", next(iterator))

    def make(force):
        model.train_function = graph

    model = SimpleNamespace(steps_to_boundary=lambda: None, enter_phase=lambda: None, phase=0)
    function = graph_of_each_phase(model, "train_function", make)
    steps = iter(range(10))
    for phase in (0, 1):
        model.phase = phase
        function(steps)
    assert said == ["something else, step 0", "something else, step 1"]
    function(steps)  # traced again, within its phase
    assert said[2:] == [RETRACING, "something else, step 2"]
