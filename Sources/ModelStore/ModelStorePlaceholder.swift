/// A model that is to replace the one in use.
enum ModelStorePlaceholder {}
