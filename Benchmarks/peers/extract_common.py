"""What the three extraction peers share: the list of pictures, their decoding, the report."""

import argparse
import os
import pathlib
import resource
import time

# Read by the frameworks when they are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
from PIL import Image

CAFFE_MEANS = np.array([103.939, 116.779, 123.68], np.float32)
SUFFIXES = {".jpg", ".jpeg", ".png"}


def arguments(peer):
    parser = argparse.ArgumentParser(description=f"VGG16 block5_pool features by {peer}")
    parser.add_argument("folder", type=pathlib.Path, help="searched for pictures, in all depths")
    parser.add_argument("--weights", required=True, help="VGG16 without top, Keras HDF5")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--output", default="features.npy")
    return parser.parse_args()


def pictures(options):
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise SystemExit(f"no pictures in {options.folder}")
    return paths[: options.limit]


def load(path, size):
    """One picture, bilinear to size × size, Caffe's preprocessing, NHWC."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    return pixels[..., ::-1].astype(np.float32) - CAFFE_MEANS


def convolutions(weights):
    """The (kernel, bias) pairs of the weight file, first layer first; kernels (3, 3, in, out)."""
    import h5py

    text = lambda name: name.decode() if isinstance(name, bytes) else name
    with h5py.File(weights) as file:
        root = file["model_weights"] if "model_weights" in file else file
        tensors = [np.asarray(root[text(layer)][text(name)], np.float32)
                   for layer in root.attrs["layer_names"]
                   for name in root[text(layer)].attrs["weight_names"]]
    pairs = list(zip(tensors[0::2], tensors[1::2]))[:13]
    if [kernel.shape[-1] for kernel, _ in pairs] != [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6:
        raise SystemExit(f"{weights} does not hold VGG16's 13 convolutions")
    return pairs


def torch_model(weights):
    """VGG16's convolutional base as a PyTorch module, NCHW."""
    import torch

    layers = []
    for index, (kernel, bias) in enumerate(convolutions(weights)):
        layer = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
        layer.weight.data = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        layer.bias.data = torch.from_numpy(bias)
        layers += [layer, torch.nn.ReLU(inplace=True)]
        if index in {1, 3, 6, 9, 12}:
            layers.append(torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*layers).eval()


class Stopwatch:
    """Seconds since the process started, so that imports and set-up count as for any command."""

    def __init__(self):
        ticks = float(pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
        uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
        self.start = time.monotonic() - (uptime - ticks / os.sysconf("SC_CLK_TCK"))
        self.ready = None

    def is_ready(self):
        self.ready = time.monotonic()

    def report(self, peer, count):
        end = time.monotonic()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{peer}: {count} pictures, {count / (end - self.ready):.1f} images/s "
              f"({(end - self.ready):.1f} s) after {self.ready - self.start:.1f} s of set-up, "
              f"{count / (end - self.start):.1f} images/s in all, peak memory {memory:.0f} MB"
              + (f" and {worker:.0f} MB in its largest child process" if worker > 64 else ""))
