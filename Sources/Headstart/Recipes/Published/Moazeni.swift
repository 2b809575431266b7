extension RecipeBook {
  static let moazeni = """
    name: moazeni
    title: A convnet of 64 x 64 pixels for any number of classes, saved whole and loaded again
    source: seed 003
    published: "validation accuracy .8038 of 8000/2000 cats and dogs, 256,000 pictures in 2679 s"
    notes:
      - An epoch is the training pictures once; the original's 256,000 pictures are 32 epochs of 8000.
      - model.h5 holds the optimizer's state too, and so the weights of the last epoch, not of the best.
      - \(orientationNote)
    pictures: {size: 64, preprocessing: rescale, interpolation: nearest}
    models:
      - name: convnet
        network:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dense: {units: 128, activation: relu}
          - Output
        training:
          calibrates: false
          optimizer: adam
          batchSize: 32
          epochs: 32
          restoresBest: false
          augmentation: {shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    """
}
