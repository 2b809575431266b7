extension RecipeBook {
  static let dsouza = """
    name: dsouza
    title: Two convnets of 16, 32 and 64 filters, without and with augmentation and dropout
    source: seed 002
    published: "validation accuracy about .70 (A) of 2000/1000 cats and dogs"
    notes:
      - The original compares logits with .5 when it counts what is right; here probabilities.
      - The weights are those of the epoch of least validation loss; the original keeps the last.
      - \(orientationNote)
    pictures: {size: 150, preprocessing: rescale, interpolation: nearest}
    models:
      - name: a
        network:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dense: {units: 512, activation: relu}
          - Output
        training: {optimizer: adam, batchSize: 128, epochs: 15, calibrates: false}
      - name: b
        network:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Dropout: {rate: 0.2}
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Conv2D: {filters: 64, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D
          - Dropout: {rate: 0.2}
          - Flatten
          - Dense: {units: 512, activation: relu}
          - Output
        training:
          calibrates: false
          optimizer: adam
          batchSize: 128
          epochs: 15
          augmentation:
            rotationRange: 45
            widthShiftRange: 0.15
            heightShiftRange: 0.15
            horizontalFlip: true
            zoomRange: 0.5
    """
}
