"""Redacted copies: render (source), black out (burning), write anew (pdf_copy, image_copy), prove (proof). `copies` puts them in order."""
