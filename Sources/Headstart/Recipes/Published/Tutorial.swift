extension RecipeBook {
  static let tutorial = """
    name: tutorial
    title: The small convnet of the Keras blog, as a tutorial trains it
    source: seed 000, a tutorial on the Keras blog's first script
    published: "best validation accuracy .8168 of 2000/800 cats and dogs; 11-13 s an epoch on its author's GPU"
    notes:
      - The original predicts on pixels that are not rescaled, and compares the probability with 1; here single pictures are prepared as in training and the more probable class is named.
      - The weights are those of the epoch of least validation loss; the original plots all epochs and keeps the last.
    pictures: {size: 150, preprocessing: rescale, interpolation: nearest}
    models:
      - name: convnet
        network:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dense: {units: 64, activation: relu}
          - Dropout: {rate: 0.5}
          - Output
        training:
          calibrates: false
          optimizer: rmsprop
          learningRate: 0.001
          batchSize: 16
          epochs: 50
          augmentation: {shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    """
}
