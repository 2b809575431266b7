/// Whether `a` comes before `b` by UTF-8 bytes: the order of Python's `sorted`, and so of Keras.
func bytesPrecede(_ a: String, _ b: String) -> Bool {
  a.utf8.lexicographicallyPrecedes(b.utf8)
}
