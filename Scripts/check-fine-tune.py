#!/usr/bin/env python3
"""Compares one step of `headstart fine-tune` with the same step in Keras.

    python3 Scripts/check-fine-tune.py PHOTOS --weights WEIGHTS.h5 [--headstart PATH]

PHOTOS holds a folder per class. A head is fitted to four photos; then block 5 and the head take one
step of SGD (rate 1e-2, momentum .9, batch of 4) on the same photos under the wrong labels (so that
there is something to learn), in headstart and in Keras, from the same model.h5. Three batches of
photos are tried at each size, and the median error of the changes of all unfrozen weights must be at
most 1e-5 (Frobenius norm of the difference over that of Keras' change). The median, because a
single ReLU whose input is 0 but for rounding, open here and shut there, is an error of 1e-4.
Needs numpy, pillow, h5py and keras with
tensorflow.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
LIMIT = 1e-5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--headstart", default=".build/release/headstart")
    parser.add_argument("--sizes", type=int, nargs="+", default=[150, 224])
    return parser.parse_args()


def copy_photos(source, target, batch, swapped):
    """Two photos of each of the first two classes to train on, one to validate; their labels."""
    classes = sorted(p for p in source.iterdir() if p.is_dir())[:2]
    paths = []
    for folder in classes:
        photos = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".jpg", ".jpeg"})
        photos = photos[3 * batch : 3 * batch + 3]
        for split, chosen in (("train", photos[:2]), ("validation", photos[2:])):
            label = classes.index(folder) ^ swapped
            place = target / split / classes[label].name
            place.mkdir(parents=True)
            for photo in chosen:
                shutil.copy(photo, place)
                if split == "train":
                    paths.append((place / photo.name, label))
    return paths


def load(path, size):
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    means = np.array([103.939, 116.779, 123.68], np.float32)
    return pixels[..., ::-1].astype(np.float32) - means


def keras_step(model_file, paths, size):
    """The unfrozen weights before and after the step."""
    import keras
    import numpy as np

    model = keras.models.load_model(model_file, compile=False)
    for layer in model.layers:
        layer.trainable = layer.name.startswith("block5") or "block" not in layer.name
    model.compile(optimizer=keras.optimizers.SGD(1e-2, momentum=0.9), loss="binary_crossentropy")
    names = [w.path for w in model.trainable_weights]
    before = [w.numpy() for w in model.trainable_weights]
    model.train_on_batch(
        np.stack([load(path, size) for path, _ in paths]),
        np.array([label for _, label in paths], np.float32)[:, None])
    return names, before, [w.numpy() for w in model.trainable_weights]


def our_weights(model_file):
    import keras

    model = keras.models.load_model(model_file, compile=False)
    return {w.path: w.numpy() for w in model.weights}


def check(options, size, batch, scratch):
    """The error of one step on one batch of photos."""
    import numpy as np

    data, swapped = scratch / "data", scratch / "swapped"
    for folder in (data, swapped):
        shutil.rmtree(folder, ignore_errors=True)
    copy_photos(options.photos, data, batch, swapped=False)
    paths = copy_photos(options.photos, swapped, batch, swapped=True)
    common = ["--features", scratch / "features", "--quiet"]
    head, tuned = scratch / "head", scratch / "tuned"

    def run(*command):
        subprocess.run([options.headstart, *map(str, command), *map(str, common)], check=True,
                       stdout=subprocess.DEVNULL)

    run("train", data, "--weights", options.weights, "--size", size, "--strength", 0.01,
        "--ignore-exif", "--output", head)
    run("fine-tune", swapped, "--model", head / "model.h5", "--output", tuned, "--epochs", 1,
        "--batch-size", 4, "--learning-rate", 1e-2, "--momentum", 0.9, "--no-refit-head",
        "--no-augmentation", "--force")
    names, before, after = keras_step(head / "model.h5", paths, size)
    ours = our_weights(tuned / "model.h5")
    difference, change = 0.0, 0.0
    for name, old, new in zip(names, before, after):
        wanted, found = new.astype("f8") - old, ours[name].astype("f8") - old
        difference += np.linalg.norm(found - wanted) ** 2
        change += np.linalg.norm(wanted) ** 2
    return (difference / change) ** 0.5


def main():
    options = arguments()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for size in options.sizes:
            errors = sorted(check(options, size, batch, pathlib.Path(scratch)) for batch in range(3))
            listed = ", ".join(f"{error:.1e}" for error in errors)
            print(f"{size}x{size}: {listed}; the median may be {LIMIT:.0e}")
            failed |= not errors[1] <= LIMIT
    if failed:
        sys.exit("too large")


if __name__ == "__main__":
    main()
