extension RecipeBook {
  static let best = """
    name: best
    title: What measures best for its time, judged by validation pictures alone
    notes:
      - Block 5 fine-tuned at 320 x 320 on augmented views, starting from a head fitted to them.
      - Each picture is judged together with its mirror image.
    pictures: {size: 320}
    models:
      - name: head-320
        backbone: vgg16
        head: {}
      - name: fine-tuned-320
        startsFrom: head-320
        fineTuning:
          learningRate: 0.0003
          schedule: cosine
          epochs: 6
          views: 3
    result: fine-tuned-320
    testTime: flip
    """
}
