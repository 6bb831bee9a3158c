"""What a page needs of its document's catalog to look and work as before in another PDF: which layers are shown, and its form fields.

Belongs here: these two. Does not belong here: scripts, actions, attachments and metadata, which docmill takes over from nobody.
"""

from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

_OF_FORM: Final = (Name.NeedAppearances, Name.DA, Name.DR, Name.Q)
"""XFA, the order of calculations and signatures stay behind: they are scripts, or no longer true."""

_ACTIONS: Final = (Name.A, Name.AA)
_DEEPEST: Final = 30
_MOST: Final = 20_000  # fields


def keep_catalog(pdf: Pdf, original: Pdf) -> None:
    """Give a PDF the layers and the form of the document that its pages were copied from; call it when all pages are there.

    A field stays where one of its boxes is on a page. What is damaged is left out.
    """
    for keep in (_keep_layers, _keep_form):
        try:
            keep(pdf, original)
        except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError):
            continue


def _keep_layers(pdf: Pdf, original: Pdf) -> None:
    layers = original.Root.get(Name.OCProperties, None)
    if isinstance(layers, Dictionary):
        pdf.Root.OCProperties = _copied(pdf, original, layers)


def _keep_form(pdf: Pdf, original: Pdf) -> None:
    form = original.Root.get(Name.AcroForm, None)
    on_pages = {box.objgen for page in pdf.pages for box in _listed(page.obj, Name.Annots) if box.get(Name.Subtype, None) == Name.Widget}
    if not isinstance(form, Dictionary) or not on_pages:
        return
    fields = [_copied(pdf, original, field) for field in _listed(form, Name.Fields)]
    kept = Dictionary({str(name): _copied(pdf, original, form[name]) for name in _OF_FORM if name in form})
    seen: set[tuple[int, int]] = set()
    kept.Fields = Array([field for field in fields if _prune(field, on_pages, seen, 0)])
    pdf.Root.AcroForm = pdf.make_indirect(kept)


def _copied(pdf: Pdf, original: Pdf, value: pikepdf.Object) -> pikepdf.Object:
    """The copy in `pdf`; what came with a page already is the same object."""
    if not isinstance(value, pikepdf.Object):  # a number or a boolean
        return value
    return pdf.copy_foreign(value if value.is_indirect else original.make_indirect(value))


def _prune(field: pikepdf.Object, on_pages: set[tuple[int, int]], seen: set[tuple[int, int]], depth: int) -> bool:
    """Whether a field has a box on a page; kids without one are taken away, and so are actions and signatures."""
    if depth > _DEEPEST or field.objgen in seen or len(seen) > _MOST:
        return False
    if field.is_indirect:
        seen.add(field.objgen)
    for name in _ACTIONS:
        if name in field:
            del field[name]
    if field.get(Name.FT, None) == Name.Sig and Name.V in field:
        del field.V
    if Name.Kids not in field:
        return field.objgen in on_pages
    field.Kids = Array([kid for kid in _listed(field, Name.Kids) if _prune(kid, on_pages, seen, depth + 1)])
    return len(field.Kids) > 0


def _listed(node: pikepdf.Object, name: Name) -> list[Dictionary]:
    listed = node.get(name, None)
    return [one for one in listed if isinstance(one, Dictionary)] if isinstance(listed, Array) else []
