#!/usr/bin/env python3
"""Takes models of headstart's to Keras 3 and back.

    python3 Scripts/check-recipes.py MODEL... --photos PHOTO... [--headstart PATH]

MODEL is a `model.h5` or `.keras` that headstart wrote, PHOTO a picture or a folder of pictures. For
each model, Keras must

- open it and give the photos the probabilities that `headstart predict` gives them, within 1e-5;
- find it compiled with the optimizer, the learning rate and (in an archive) the number of steps
  that the file notes, if it notes how the model was trained;
- train it for a step, by the noted optimizer or by SGD with a rate of 1e-5.

Then Keras saves it as `.h5` and as `.keras`, and headstart must print the summary of either file
with the same layers, refuse to predict with it, since Keras has not kept the class names, and
`headstart convert --like MODEL` must make a classifier of it, as `.h5` and `.keras`, that predicts
what Keras predicts, again within 1e-5. Keras must open these too, predict the same with them, and
find the `.keras` at the step where it stopped.

Run with Keras 3.15.1, TensorFlow 2.21.0, Pillow 13.0.0, h5py 3.14.0 and NumPy 2.4.6.
"""

import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import keras
import numpy as np
from PIL import Image, ImageOps

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Scripts/fixtures"))

from features import preprocess

TOLERANCE = 1e-5
SUFFIXES = {".jpg", ".jpeg", ".png"}


class Failure(Exception):
    pass


def require(condition, message):
    if not condition:
        raise Failure(message)


def notes(path):
    """Our attribute, and what the file says of training: optimizer, rate, steps (None: unknown)."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            file = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
        compiled = config.get("compile_config")
        optimizer = compiled and compiled["optimizer"]
        steps = int(file["optimizer/vars/0"][()]) if "optimizer/vars/0" in file else None
    else:
        file = h5py.File(path)
        compiled = json.loads(file.attrs.get("training_config", "null"))
        optimizer, steps = compiled and compiled["optimizer_config"], None
    with file:
        ours = file.attrs["headstart"]
    if optimizer is None:
        return ours, None
    return ours, (optimizer["class_name"], optimizer["config"]["learning_rate"], steps)


def predict(headstart, model, photos):
    """A row of class probabilities for each photo."""
    output = subprocess.run(
        [headstart, "predict", model, *photos, "--format", "json", "--quiet"], check=True,
        capture_output=True, text=True).stdout
    rows = {row["path"]: row for row in json.loads(output)}
    require(set(rows) == set(map(str, photos)), "predict lists other photos")
    return [rows[str(photo)]["probabilities"] for photo in photos]


def load(path, settings):
    with Image.open(path) as image:
        if not settings["ignoreEXIF"]:
            image = ImageOps.exif_transpose(image)
        resampling = Image.Resampling[settings["interpolation"].upper()]
        size = (settings["width"], settings["height"])
        pixels = np.asarray(image.convert("RGB").resize(size, resampling))
    name = settings["preprocessing"]
    return pixels.astype("f4") if name == "none" else preprocess(pixels, name)


def difference(model, pictures, ours, classes):
    """The largest difference between Keras' probabilities and ours."""
    theirs = model.predict(pictures, verbose=0)
    if theirs.shape[1] == 1:
        theirs = np.hstack([1 - theirs, theirs])
    ours = np.array([[row[name] for name in classes] for row in ours])
    return float(np.abs(theirs - ours).max())


def train(model, pictures, noted):
    """One step on made-up labels; the loss."""
    if noted is None:
        loss = "binary_crossentropy" if model.output_shape[1] == 1 else "categorical_crossentropy"
        model.compile(keras.optimizers.SGD(1e-5), loss)
    labels = np.arange(len(pictures)) % max(2, model.output_shape[1])
    targets = (labels[:, None].astype("f4") if model.output_shape[1] == 1
               else np.eye(model.output_shape[1], dtype="f4")[labels])
    before = [weight.numpy() for weight in model.trainable_weights]
    loss = model.train_on_batch(pictures, targets)
    loss = float(loss[0] if isinstance(loss, list) else loss)
    require(np.isfinite(loss), f"the loss of a step is {loss}")
    require(any((old != new.numpy()).any() for old, new in zip(before, model.trainable_weights)),
            "a step changes no weight")
    return loss


def check(path, photos, options, scratch):
    ours, noted = notes(path)
    metadata = json.loads(ours)
    classes, settings = metadata["classes"], metadata["features"]
    pictures = np.stack([load(photo, settings) for photo in photos])

    model = keras.models.load_model(path)
    error = difference(model, pictures, predict(options.headstart, path, photos), classes)
    print(f"  Keras predicts within {error:.1e}")
    require(error <= TOLERANCE, f"more than {TOLERANCE:.0e}")

    if noted is None:
        print("  notes no optimizer")
    else:
        name, rate, steps = noted
        require(type(model.optimizer).__name__ == name, f"compiled with {model.optimizer}")
        found = float(model.optimizer.learning_rate)
        require(np.isclose(found, rate), f"a learning rate of {found}, not {rate}")
        if steps is not None:
            found = int(model.optimizer.iterations)
            require(found == steps, f"{found} steps, not {steps}")
        print(f"  compiled with {name}, rate {rate:g}, steps {steps}")
    print(f"  trained for a step: loss {train(model, pictures, noted):.4f}")

    names = [layer.name for layer in model.layers]
    # The archive first: saving as .h5 takes the optimizer out of Keras' configuration.
    for suffix in (".keras", ".h5"):
        saved = scratch / f"saved{suffix}"
        model.save(saved)
        summary = json.loads(subprocess.run(
            [options.headstart, "summary", saved, "--json"], check=True, capture_output=True,
            text=True).stdout)
        found = [layer["name"] for layer in summary["layers"]
                 if layer["className"] != "InputLayer"]
        require(found == names,
                f"{saved.name}: other layers in the summary")
        refused = subprocess.run([options.headstart, "predict", saved, *photos],
                                 capture_output=True, text=True)
        require(refused.returncode == 1 and "headstart" in refused.stderr,
                f"{saved.name}: no classifier, and not refused as none: {refused.stderr}")
        for ending in (".h5", ".keras"):
            converted = scratch / f"converted{ending}"
            subprocess.run([options.headstart, "convert", saved, "--like", path, "--output",
                            converted, "--quiet"], check=True, capture_output=True)
            error = difference(
                model, pictures, predict(options.headstart, converted, photos), classes)
            print(f"  back from {suffix} as {ending}: {len(names)} layers, predicts within"
                  f" {error:.1e}")
            require(error <= TOLERANCE, f"more than {TOLERANCE:.0e}")
            again = keras.models.load_model(converted)
            error = np.abs(again.predict(pictures, verbose=0)
                           - model.predict(pictures, verbose=0)).max()
            require(error <= TOLERANCE, f"Keras predicts otherwise by {error:.1e} with it")
            require(type(again.optimizer) is type(model.optimizer),
                    f"compiled with {again.optimizer}")
            if ending == ".keras":
                steps = int(again.optimizer.iterations), int(model.optimizer.iterations)
                require(steps[0] == steps[1], f"{steps[0]} steps, not {steps[1]}")
            require(np.isfinite(train(again, pictures, True)), "it does not train")
            converted.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--photos", nargs="+", required=True, type=pathlib.Path)
    parser.add_argument("--headstart", default=ROOT / ".build/release/headstart",
                        type=pathlib.Path)
    options = parser.parse_args()
    photos = [photo for path in options.photos for photo in (
        sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        if path.is_dir() else [path])]

    failed = False
    for path in options.models:
        print(path)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                check(path, photos, options, pathlib.Path(scratch))
            except Failure as failure:
                failed = True
                print(f"  FAILED: {failure}")
            except subprocess.CalledProcessError as failure:
                failed = True
                print(f"  FAILED: {failure}\n{failure.stderr}")
        keras.backend.clear_session()
    sys.exit("check-recipes: not all models passed" if failed else None)


if __name__ == "__main__":
    main()
