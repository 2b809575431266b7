"""Times epochs of a small network trained from scratch on photos: headstart beside Keras.

    python3 Benchmarks/peers/scratch.py PHOTOS/train [--headstart .build/release/headstart] [--json]

The first network of the Keras blog's "powerful image classification models using very little data"
at 150x150, batches of 16, JPEG files decoded and augmented with shear, zoom and flips, RMSprop.
Keras as people run it: ImageDataGenerator.flow_from_directory, which decodes the files anew in every
epoch, and Model.fit. Both take turns, `--rounds` times. Of each, the best epoch but the first is
compared; the first, which begins with compiling here and with decoding there, is told beside it.

PHOTOS/train has a folder of photos for each of two classes. Needs keras with tensorflow, scipy,
pillow.
"""

import argparse
import json
import os
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photos", help="folder with a folder of photos for each class")
    parser.add_argument("--headstart", default=".build/release/headstart")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--epochs", type=int, default=3, help="of each round, the first included")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def keras_epochs(options):
    """Prints the seconds of Keras' epochs."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    generator = ImageDataGenerator(
        rescale=1 / 255, shear_range=11.46, zoom_range=0.2, horizontal_flip=True)
    batches = generator.flow_from_directory(
        options.photos, target_size=(150, 150), batch_size=16, class_mode="binary")
    layers = [keras.layers.Input((150, 150, 3))]
    for filters in (32, 32, 64):
        layers += [keras.layers.Conv2D(filters, 3, activation="relu"),
                   keras.layers.MaxPooling2D()]
    layers += [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu"),
               keras.layers.Dropout(0.5), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential(layers)
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    seconds = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.start)

    model.fit(batches, epochs=options.epochs, verbose=0, callbacks=[Clock()])
    print(json.dumps(seconds))


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def main():
    options = arguments()
    if options.child:
        return keras_epochs(options)
    results = {}

    def note(name, seconds):
        found = {"first": seconds[0], "later": min(seconds[1:])}
        known = results.get(name, found)
        results[name] = {key: min(known[key], found[key]) for key in found}

    for _ in range(options.rounds):
        peer = output_of([sys.executable, __file__, options.photos, "--child", "--threads",
                          str(options.threads), "--epochs", str(options.epochs)])
        note("keras", json.loads(peer.strip().splitlines()[-1]))
        ours = json.loads(output_of([
            options.headstart, "bench", "--network", "small-convnet", "--data", options.photos,
            "--repetitions", str(options.epochs), "--threads", str(options.threads), "--json"]))
        epochs = ours["epochSeconds"]
        note("headstart", [ours["decodingSeconds"] + epochs[0]] + epochs[1:])
    ratios = {key: results["headstart"][key] / results["keras"][key] for key in ("first", "later")}
    if options.json:
        print(json.dumps({"threads": options.threads, "secondsAnEpoch": results, "ratio": ratios},
                         indent=2))
        return
    for key in ("first", "later"):
        print(f"{key} epoch: headstart {results['headstart'][key]:.2f} s, "
              f"Keras {results['keras'][key]:.2f} s, ratio {ratios[key]:.2f}")


if __name__ == "__main__":
    main()
