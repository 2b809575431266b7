extension RecipeBook {
  static let tutorial = """
    name: tutorial
    title: The small convnet of the Keras blog, as a tutorial trains it
    source: seed 000, a tutorial on the Keras blog's first script
    published: "best validation accuracy .8168 of 2000/800 cats and dogs; 11-13 s an epoch on its author's GPU"
    notes:
      - The original predicts on pixels that are not rescaled, and compares the probability with 1; here single pictures are prepared as in training and the more probable class is named.
      - The weights are those of the epoch of least validation loss; the original plots all epochs and keeps the last.
      - \(orientationNote)
      - \(rmspropNote)
    pictures: {size: 150, preprocessing: rescale, interpolation: nearest}
    models:
      - name: convnet
        \(smallConvnet)
    """
}
