"""Parts of PDF pages that docmill writes: pictures of pages and invisible words over them. For every stage that writes PDFs; knows no stage."""
