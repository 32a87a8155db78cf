"""The curves of energies.py over the updates of G alone."""

from matplotlib.figure import Figure

from tests.conftest import ROOT


def test_updates_are_counted_from_the_end_of_pretraining(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import energies

    axes = Figure().subplots()
    run = {"pretrain_steps": 200, "seed": 0}
    energies.plot_curves(
        axes,
        [
            run | {"step": [100, 200, 300], "fid": [9.0, 8.0, 7.0]},
            run | {"step": [100, 200], "fid": [6.0, 5.0]},  # G was not updated between two scores
        ],
    )
    assert [line.get_xydata().tolist() for line in axes.lines] == [
        [[100, 9], [200, 8], [300, 7]],
        [[100, 7]],
        [[100, 6], [200, 5]],
    ]
