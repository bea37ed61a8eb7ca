import io

from rich.console import Console

from fbp.train.progress import Position, display

EVENT = {
    "epoch": 2,
    "step": 80,
    "train_loss": 0.51234,
    "validation_accuracy": 0.9375,
    "learning_rate": 0.1,
    "steps_per_second": 1234.5,
    "norms": {},
}
AT = Position(60, 100, 2, 3, {"loss": 0.6}, 99.0)


def shown(quiet=False, terminal=False):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with display(quiet, console) as screen:
        screen.dispatched(AT)
        screen.epoch(EVENT)
    return console.file.getvalue()


def test_plain_lines_when_there_is_no_terminal():
    expected = "epoch 2  step 80  train loss 0.5123  validation accuracy 0.9375  1234 steps/s\n"
    assert shown() == expected


def test_a_bar_in_a_terminal():
    text = shown(terminal=True)
    for part in ("epoch 2/3", "step 60/100", "loss 0.6", "99 steps/s", "0.9375"):
        assert part in text


def test_quiet_is_silent():
    assert shown(quiet=True) == shown(quiet=True, terminal=True) == ""
