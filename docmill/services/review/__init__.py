"""Review: tasks for what machines doubt, who works on them, what people decided, and what becomes of it. One module a step."""
