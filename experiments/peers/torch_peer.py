"""PyTorch: eager, or with torch.compile of the net and its loss."""

from __future__ import annotations

from protocol import Given, serve, unknown  # isort: skip  (first: it takes the time)

import torch
import torch.nn.functional as F
from layout import ours
from torch import nn
from torch_nets import build


def optimizer_for(given: Given, net: nn.Module) -> torch.optim.Optimizer:
    """The case's optimizer; decay spares biases and norms, as nanoGPT has it."""
    options = vars(given.config.optimizer)
    rate = options["learning_rate"]
    # Fused ones take one pass over the parameters.
    match options["name"]:
        case "sgd":
            momentum = options["momentum"] or 0.0
            return torch.optim.SGD(net.parameters(), rate, momentum=momentum, fused=True)
        case "adam" | "adamw":
            betas = (options["b1"], options["b2"])
            decay = options.get("weight_decay", 0.0)
            groups = [
                {"params": [p for p in net.parameters() if p.dim() >= 2], "weight_decay": decay},
                {"params": [p for p in net.parameters() if p.dim() < 2], "weight_decay": 0.0},
            ]
            return torch.optim.AdamW(groups, rate, betas, eps=options["eps"], fused=True)
    raise unknown(given)


class Training:
    """A step is what PyTorch's tutorials have in their loops."""

    def __init__(self, given: Given):
        torch.set_num_threads(given.config.threads)
        self.given = given
        self.inputs = torch.from_numpy(given.inputs)
        self.targets = torch.from_numpy(given.targets).long()
        dtype = getattr(torch, next(iter(given.params.values())).dtype.name)
        if given.config.loss.name == "quadratic":
            self.targets = F.one_hot(self.targets, given.config.bench.classes).to(dtype)
        self.net = build(given).to(dtype)
        self.places = self.net.places()
        self.parameters = dict(self.net.named_parameters())
        with torch.no_grad():
            for name, place in self.places.items():
                theirs = torch.from_numpy(place.theirs(given))
                self.parameters[name].copy_(theirs.reshape(self.parameters[name].shape))
        self.optimizer = optimizer_for(given, self.net)
        self.start = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.compiled = torch.compile(self.loss) if given.variant == "compile" else self.loss

    def loss(self, inputs, targets):
        dtype = self.given.config.train.compute_dtype
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
            outputs = self.net(inputs)
            if self.given.config.loss.name == "quadratic":
                return 0.5 * (outputs - targets).square().sum(-1).mean()
            return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())

    def gradient(self):
        loss = self.compiled(self.inputs, self.targets)
        loss.backward()
        found = {name: self.parameters[name].grad.numpy() for name in self.places}
        return loss.item(), ours(self.places, found, self.given)

    def stepped(self):
        found = {name: self.parameters[name].detach().numpy() for name in self.places}
        return ours(self.places, found, self.given)

    def reset(self):
        self.net.load_state_dict(self.start)
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()

    def steps(self, n):
        for _ in range(n):
            self.optimizer.zero_grad()
            loss = self.compiled(self.inputs, self.targets)
            loss.backward()
            self.optimizer.step()


if __name__ == "__main__":
    serve(Training, ("eager", "compile"))
