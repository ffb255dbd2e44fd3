"""Opening what people send: kinds of files, pixels, PDFs, dark pages."""
