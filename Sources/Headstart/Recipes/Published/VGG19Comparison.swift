extension RecipeBook {
  static let vgg19Comparison = """
    name: vgg19-comparison
    title: Five models in one table, from a plain convnet to a fine-tuned VGG19
    source: seed 004, after F. Chollet, Deep Learning with Python, ch. 5
    published: "validation accuracy .81-.84, .877-.892, .871, (an artefact), .925-.949"
    notes:
      - The original's fourth result, above .99, is an artefact of a return inside a loop, which leaves all feature rows but twenty zero. Here the features are all there.
      - The fifth model is fine-tuned from 5-head, a head like the fourth's that is trained first on the frozen base; without one, the first steps would undo what block 5 knows.
      - For fine-tuning, six augmented views of each picture are computed once and kept. The original's augmentation of the fifth model is not known; that of the second is taken.
      - Convnets have the weights of the epoch of least validation loss, not of the last; 5-fine-tuned is kept only if that loss is below 5-head's.
      - \(orientationNote)
      - \(rmspropNote)
    pictures: {size: 150, preprocessing: rescale, interpolation: nearest}
    models:
      - name: 1-convnet
        network:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dense: {units: 512, activation: relu}
          - Output
        training: {optimizer: rmsprop, learningRate: 0.0001, batchSize: 20, epochs: 30, calibrates: false}
      - name: 2-augmented
        network:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dense: {units: 512, activation: relu}
          - Output
        training:
          calibrates: false
          optimizer: rmsprop
          learningRate: 0.0001
          batchSize: 32
          epochs: 100
          augmentation: {rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: 0.2, shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
      - name: 3-dropout
        network:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 128, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dropout: {rate: 0.5}
          - Dense: {units: 512, activation: relu}
          - Output
        training:
          calibrates: false
          optimizer: rmsprop
          learningRate: 0.0001
          batchSize: 32
          epochs: 100
          augmentation: {rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: 0.2, shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
      - name: 4-features
        backbone: vgg19
        head:
          calibrates: false
          pooling: flatten
          hidden: 256
          dropout: 0.5
          solver: rmsprop
          learningRate: 0.00002
          batchSize: 20
          epochs: 30
      - name: 5-head
        backbone: vgg19
        head:
          calibrates: false
          pooling: flatten
          hidden: 256
          dropout: 0
          solver: rmsprop
          learningRate: 0.00002
          batchSize: 20
          epochs: 30
      - name: 5-fine-tuned
        startsFrom: 5-head
        fineTuning:
          calibrates: false
          unfreeze: block5
          optimizer: rmsprop
          learningRate: 0.00002
          batchSize: 20
          epochs: 10
          views: 6
          refitHead: false
          augmentation: {rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: 0.2, shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    result: 5-fine-tuned
    """
}
