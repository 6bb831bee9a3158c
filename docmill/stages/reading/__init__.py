"""Reading: bytes of any supported type become pages of words with boxes and confidences."""
