"""Train a small MobileNetV2 on rendered road signs and write a PyTorch-Lightning shaped checkpoint.

The parameter names and block settings are torchvision's; only the width and the last channel are smaller.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from render_signs import cached_set
from sign_shapes import LABELS

WIDTH = 0.35
LAST_CHANNEL = 512
SIZE = 96
MEAN = [123.675, 116.28, 103.53]
STD = [58.395, 57.12, 57.375]

# Expansion t, channels c, repeats n, first stride s: table 2 of https://arxiv.org/abs/1801.04381.
SETTINGS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def make_divisible(value: float, divisor: int = 8) -> int:
    """Round to a multiple of the divisor, never more than 10 % down."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class ConvBNReLU(nn.Sequential):
    """Convolution, batch normalization, ReLU6."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> None:
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; added to its input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        expand = [ConvBNReLU(inputs, hidden, kernel=1)] if expansion != 1 else []
        self.use_res_connect = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *expand,
            ConvBNReLU(hidden, hidden, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to N x C x H x W."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """MobileNetV2 with torchvision's parameter names."""

    def __init__(self, num_classes: int, width_mult: float, last_channel: int) -> None:
        super().__init__()
        channels = make_divisible(32 * width_mult)
        features: list[nn.Module] = [ConvBNReLU(3, channels, stride=2)]
        for t, c, n, s in SETTINGS:
            outputs = make_divisible(c * width_mult)
            for i in range(n):
                features.append(InvertedResidual(channels, outputs, s if i == 0 else 1, t))
                channels = outputs
        features.append(ConvBNReLU(channels, last_channel, kernel=1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last_channel, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
        nn.init.normal_(self.classifier[1].weight, 0, 0.01)
        nn.init.zeros_(self.classifier[1].bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of normalized N x 3 x H x W pixels."""
        x = self.features(x)
        return self.classifier(functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def normalized(images: np.ndarray) -> Tensor:
    """Bytes N x H x W x 3 to (pixel - mean) / std as N x 3 x H x W.

    The memory order stays N H W C, in which PyTorch's depthwise convolutions are 1.7 times as fast.
    """
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def augmented(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift each image by up to 4 pixels, with repeated borders."""
    reach = 4
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    shifts = rng.integers(0, 2 * reach + 1, (len(images), 2))
    return np.stack([p[y : y + SIZE, x : x + SIZE] for p, (y, x) in zip(padded, shifts)])


@torch.no_grad()
def accuracy(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose largest logit is the label's."""
    model.eval()
    right = 0
    for start in range(0, len(images), 100):
        chosen = model(normalized(images[start : start + 100])).argmax(1).numpy()
        right += int((chosen == labels[start : start + 100]).sum())
    return right / len(images)


def set_rate(optimizer: torch.optim.Optimizer, step: int, total: int, peak: float) -> None:
    """Linear warm-up over 3 % of the steps, then a cosine down to zero."""
    warm = max(1, total * 3 // 100)
    rate = (
        peak * (step + 1) / warm
        if step < warm
        else peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))
    )
    for group in optimizer.param_groups:
        group["lr"] = rate


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the averaged weights and statistics towards the model's."""
    for kept, new in zip(average.state_dict().values(), model.state_dict().values()):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def parameter_groups(model: nn.Module, decay: float) -> list[dict]:
    """Weight decay for matrices and filters, none for biases and batch normalization."""
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def train(options: argparse.Namespace) -> tuple[nn.Module, int]:
    """Train and return the averaged model and the number of steps."""
    images, labels = cached_set(options.count, options.seed, SIZE, options.cache)
    held_images, held_labels = cached_set(options.held_out, options.held_out_seed, SIZE, options.cache)
    rng = np.random.default_rng(options.seed)
    model = MobileNetV2(len(LABELS), WIDTH, LAST_CHANNEL)
    print(f"parameters {sum(p.numel() for p in model.parameters())}")
    average = copy.deepcopy(model)
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(parameter_groups(model, 4e-5), momentum=0.9, nesterov=True)
    loss_function = nn.CrossEntropyLoss(label_smoothing=0.1)
    steps_per_epoch = len(images) // options.batch
    total, step, started = steps_per_epoch * options.epochs, 0, time.monotonic()
    for epoch in range(options.epochs):
        model.train()
        order = rng.permutation(len(images))
        running = 0.0
        for k in range(steps_per_epoch):
            chosen = order[k * options.batch : (k + 1) * options.batch]
            set_rate(optimizer, step, total, options.rate)
            loss = loss_function(model(normalized(augmented(images[chosen], rng))), torch.from_numpy(labels[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            follow(average, model, min(0.995, step / (step + 20)))
            running += loss.item()
        held = accuracy(average, held_images, held_labels)
        seconds = time.monotonic() - started
        print(f"epoch {epoch + 1} loss {running / steps_per_epoch:.4f} held-out {held:.4f} {seconds:.0f} s", flush=True)
        save(average, options.out, epoch + 1, step)
    return average, step


def save(model: nn.Module, path: Path, epoch: int, step: int) -> None:
    """Write the checkpoint in the shape that PyTorch-Lightning 2.x gives it."""
    checkpoint = {
        "epoch": epoch,
        "global_step": step,
        "pytorch-lightning_version": "2.5.1",
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
        "loops": {},
        "callbacks": {},
        "optimizer_states": [],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {
            "num_classes": len(LABELS),
            "width_mult": WIDTH,
            "last_channel": LAST_CHANNEL,
            "input_size": [SIZE, SIZE],
            "mean": MEAN,
            "std": STD,
            "color": "rgb",
            "resize": "stretch",
            "labels": list(LABELS),
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, path)


def load(path: Path) -> nn.Module:
    """Rebuild the network of a checkpoint, ready to classify."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    settings = checkpoint["hyper_parameters"]
    model = MobileNetV2(settings["num_classes"], settings["width_mult"], settings["last_channel"])
    model.load_state_dict({name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()})
    return model.eval()


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("signs/signs.ckpt"))
    parser.add_argument("--cache", type=Path, required=True, help="folder for rendered sets, outside the repository")
    parser.add_argument("--count", type=int, default=24000, help="training images")
    parser.add_argument("--seed", type=int, default=1001)
    parser.add_argument("--held-out", type=int, default=2400)
    parser.add_argument("--held-out-seed", type=int, default=2001)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.1, help="peak learning rate")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    train(options)


if __name__ == "__main__":
    main()
