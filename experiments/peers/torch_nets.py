"""The benchmark's nets as PyTorch users write them, and where the case has their parameters."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from layout import Place, Places, conv, linear, norm
from protocol import Given, unknown
from torch import nn
from torch_gpt import Gpt


class Mlp(nn.Module):
    def __init__(self, given: Given):
        super().__init__()
        model = given.config.model
        widths = [given.inputs[0].size, *model.widths]
        pairs = pairwise(widths)
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in pairs)
        self.output = nn.Linear(widths[-1], given.config.bench.classes)
        self.activation = {"relu": F.relu, "sigmoid": torch.sigmoid}[model.activation]
        self.squash = {"identity": nn.Identity(), "sigmoid": nn.Sigmoid()}[model.output]

    def forward(self, x):
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.squash(self.output(x))

    def places(self) -> Places:
        places = linear("output", "output")
        for i in range(len(self.hidden)):
            places |= linear(f"hidden.{i}", f"dense{i + 1}")
        return places


class Lenet(nn.Module):
    """On (batch, 28, 28)."""

    def __init__(self, given: Given):
        super().__init__()
        model = given.config.model
        (first, second), kernel = model.features, model.kernel
        side = ((given.inputs.shape[1] - kernel + 1) // 2 - kernel + 1) // 2
        self.image = (side, side, second)
        self.conv1 = nn.Conv2d(1, first, kernel)
        self.conv2 = nn.Conv2d(first, second, kernel)
        self.dense = nn.Linear(side * side * second, model.hidden)
        self.output = nn.Linear(model.hidden, given.config.bench.classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x.unsqueeze(1))), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.output(F.relu(self.dense(x.flatten(1))))

    def places(self) -> Places:
        # Ours flattens (height, width, channels), PyTorch (channels, height, width).
        split = (*self.image, self.dense.out_features)
        return {
            **conv("conv1", "conv1"),
            **conv("conv2", "conv2"),
            **linear("dense", "dense"),
            "dense.weight": Place("dense.weight", axes=(3, 2, 0, 1), split=split),
            **linear("output", "output"),
        }


class BasicBlock(nn.Module):
    """As torchvision's."""

    def __init__(self, inputs: int, features: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, features, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(features)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(features)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1:
            projection = nn.Conv2d(inputs, features, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(features))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    def places(self, name: str, path: str, index: int | None) -> Places:
        inner = f"{path}.f" if self.downsample else path
        places: dict[str, Place] = {}
        for i in (1, 2):
            places |= conv(f"{name}.conv{i}", f"{inner}.conv{i}.conv", index, bias=False)
            places |= norm(f"{name}.bn{i}", f"{inner}.conv{i}.norm", index)
        if self.downsample:
            places |= conv(f"{name}.downsample.0", f"{path}.shortcut.conv", index, bias=False)
            places |= norm(f"{name}.downsample.1", f"{path}.shortcut.norm", index)
        return places


class Resnet20(nn.Module):
    """On (batch, height, width, channels), which is PyTorch's channels_last memory."""

    def __init__(self, given: Given):
        super().__init__()
        width = given.config.model.width
        self.conv = nn.Conv2d(given.inputs.shape[-1], width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        blocks = []
        for stage in range(3):
            features = width * 2**stage
            first = BasicBlock(features // 2, features, 2) if stage else BasicBlock(width, width, 1)
            rest = (BasicBlock(features, features, 1) for _ in range(2))
            blocks.append(nn.Sequential(first, *rest))
        self.stages = nn.Sequential(*blocks)
        self.output = nn.Linear(4 * width, given.config.bench.classes)

    def forward(self, x):
        x = self.stages(F.relu(self.bn(self.conv(x.permute(0, 3, 1, 2)))))
        return self.output(F.adaptive_avg_pool2d(x, 1).flatten(1))

    def places(self) -> Places:
        places = {**conv("conv", "stem.conv", bias=False), **norm("bn", "stem.norm")}
        for i, stage in enumerate(self.stages):
            for j, block in enumerate(stage):
                part = "rest" if j else "first"
                path, index = f"stage{i + 1}.{part}.block", j - 1 if j else None
                places |= block.places(f"stages.{i}.{j}", path, index)
        return places | linear("output", "output")


class CharLstm(nn.Module):
    """With PyTorch's two biases, of which the second starts at 0."""

    def __init__(self, given: Given):
        super().__init__()
        model, classes = given.config.model, given.config.bench.classes
        self.tokens = nn.Embedding(classes, model.features)
        self.lstm = nn.LSTM(model.features, model.hidden, batch_first=True)
        self.head = nn.Linear(model.hidden, classes, bias=False)
        nn.init.zeros_(self.lstm.bias_hh_l0)

    def forward(self, ids):
        return self.head(self.lstm(self.tokens(ids))[0])

    def places(self) -> Places:
        return {
            "tokens.weight": Place("body.tokens.table"),
            "lstm.weight_ih_l0": Place("body.lstm1.weight_x", axes=(1, 0)),
            "lstm.weight_hh_l0": Place("body.lstm1.weight_h", axes=(1, 0)),
            "lstm.bias_ih_l0": Place("body.lstm1.bias"),
            **linear("head", "head", bias=False),
        }


class Head(nn.Linear):
    """The last layer of a language model alone."""

    def __init__(self, given: Given):
        super().__init__(given.inputs.shape[-1], given.config.bench.classes, bias=False)
        (self.path,) = given.params

    def places(self) -> Places:
        return {"weight": Place(self.path, axes=(1, 0))}


def build(given: Given) -> nn.Module:
    """The case's net, in the memory format that it is fastest in: channels_last takes 0.77 of the
    default's time for ResNet-20, and 1.3 times it for LeNet."""
    if given.config.bench.kind == "head":
        return Head(given)
    match given.config.model.name:
        case "mlp":
            return Mlp(given)
        case "lenet":
            return Lenet(given)
        case "resnet" if given.config.model.depth == 20:
            return Resnet20(given).to(memory_format=torch.channels_last)
        case "char_lstm":
            return CharLstm(given)
        case "gpt":
            return Gpt(given)
    raise unknown(given)
