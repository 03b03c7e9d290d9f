"""Write state_dicts of torchvision's architectures with seeded weights, an input and the logits of each.

For the comparison that PyTorchArchitectureTests makes when EDGECNN_TORCHVISION names the folder:

    python make_architectures.py FOLDER        # needs torch and torchvision
"""

import pathlib
import sys

import numpy
import torch
import torchvision.models as models

# name: (height and width, other arguments)
NETWORKS = {
    "alexnet": (224, {}), "vgg11": (224, {}), "vgg16_bn": (224, {}),
    "resnet18": (64, {}), "resnet34": (64, {}), "resnet50": (64, {}), "resnet101": (64, {}), "resnet152": (64, {}),
    "resnext50_32x4d": (64, {}), "wide_resnet50_2": (64, {}),
    "squeezenet1_0": (96, {}), "squeezenet1_1": (96, {}), "googlenet": (96, {"init_weights": False}),
    "mobilenet_v2": (96, {}), "mobilenet_v3_large": (96, {}), "mobilenet_v3_small": (96, {}),
    "shufflenet_v2_x0_5": (96, {}), "shufflenet_v2_x1_0": (96, {}), "densenet121": (64, {}),
    "densenet169": (64, {}), "mnasnet0_5": (96, {}), "mnasnet1_0": (96, {}),
    "efficientnet_b0": (128, {}), "efficientnet_b1": (128, {}), "efficientnet_b4": (128, {}),
    "efficientnet_b5": (128, {}), "efficientnet_v2_s": (128, {}), "efficientnet_v2_m": (128, {}),
}


def write(folder: pathlib.Path, name: str) -> None:
    size, arguments = NETWORKS[name]
    torch.manual_seed(len(name) * 1000 + size)
    network = getattr(models, name)(weights=None, num_classes=16, **arguments).eval()
    generator = torch.Generator().manual_seed(7)
    probe = torch.rand(8, 3, size, size, generator=generator) * 2 - 1
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.3, 0.3)
            module.train()
    with torch.no_grad():
        network(probe)  # statistics that keep the activations in range
        network.eval()
        image = torch.rand(1, 3, size, size, generator=generator) * 2 - 1
        logits = network(image)
    torch.save(network.state_dict(), folder / f"{name}.pth")
    count = sum(p.numel() for p in network.parameters())
    numpy.concatenate([[size, count], image.permute(0, 2, 3, 1).reshape(-1).numpy(), logits[0].numpy()]).astype(
        "<f4").tofile(folder / f"{name}.f32")
    print(name, size, count, logits[0, :3].tolist(), float(logits.std()), flush=True)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    for chosen in sys.argv[2:] or NETWORKS:
        write(target, chosen)
