"""Knowledge: pages become chunks with vectors. The knowledge base that searches them lives in docmill.storage.knowledge."""
