"""Every error the recognizer raises on purpose.

    RecognizerError
    ├── BadInput                what the person gave cannot be read: their file, their line, their option
    │   ├── NotAnImage          no image or PDF at all, or a broken one
    │   ├── ImageTooLarge       more bytes, pixels or pages than allowed; found before pixels are decoded
    │   ├── EncryptedPdf        a PDF that asks for a password
    │   └── BadManifest         a ground-truth file that breaks its format
    ├── BadModel                a weights folder that is missing, incomplete or of another architecture
    ├── UnknownCharacter        a text holds a character outside the charset
    ├── LineTooShort            a line image has fewer time steps than its text needs
    └── Diverged                a training's loss is no number any more

A message says what is wrong, where, and what to do. Command lines print it and exit 1; the web shows it.
"""


class RecognizerError(Exception):
    """Root of the tree; catch it to catch everything the recognizer raises on purpose."""


class BadInput(RecognizerError):
    """What the person gave cannot be read."""


class NotAnImage(BadInput):
    """The bytes are no image and no PDF, or are truncated or damaged."""


class ImageTooLarge(BadInput):
    """More bytes, pixels or pages than the limits allow; raised before any pixel is decoded."""


class EncryptedPdf(BadInput):
    """The PDF asks for a password."""


class BadManifest(BadInput):
    """A manifest, PAGE or ALTO file breaks its format; the message names file and line."""


class BadModel(RecognizerError):
    """A weights folder is missing, incomplete or of another architecture."""


class UnknownCharacter(RecognizerError):
    """A text holds a character that the charset lacks."""


class LineTooShort(RecognizerError):
    """A line image has fewer time steps than its text needs."""


class Diverged(RecognizerError):
    """A training's loss is no number any more; its weights are worthless from then on."""
