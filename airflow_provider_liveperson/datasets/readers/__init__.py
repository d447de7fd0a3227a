"""How records come: one file a shape. No reader sends."""
