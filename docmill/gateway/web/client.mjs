// A client of the asynchronous OCR contract: uploads a file, asks until it is over, hands over the result. The same file runs in Node (18 on)
// and in browsers; a page must come from the gateway itself, which answers no other origin.
//
//   import { OcrClient } from "/web/client.mjs";
//   const client = new OcrClient(location.origin);
//   const done = await client.process(file, { language: "en" }, (status, progress, message) => console.log(status, progress, message));
//   console.log(done.ocr_result.full_text);

export class OcrClient {
  // headers: of every request, such as { Authorization: "Bearer dm_..." }
  constructor(baseUrl, { intervalMs = 5000, timeoutMs = 30 * 60 * 1000, headers = {} } = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.intervalMs = intervalMs;
    this.timeoutMs = timeoutMs;
    this.headers = headers;
  }

  // a File, or a Blob with a name; options are the form's fields. Returns the task's id.
  async upload(file, options = {}, name = file.name) {
    const form = new FormData();
    form.append("file", file, name || "document");
    for (const [key, value] of Object.entries(options)) form.append(key, String(value));
    return (await this.ask("/api/v1/upload/async/", { method: "POST", body: form })).task_id;
  }

  async status(taskId) {
    return this.ask(`/api/v1/upload/status/${taskId}/`);
  }

  // resolves with the completed status, rejects when the task failed or the time is over; onProgress(status, progress, message)
  async waitFor(taskId, onProgress = () => {}) {
    const until = Date.now() + this.timeoutMs;
    for (;;) {
      const told = await this.status(taskId);
      onProgress(told.status, told.progress, told.message);
      if (told.status === "completed") return told;
      if (told.status === "failed") throw new Error(told.message);
      if (Date.now() > until) throw new Error(`the task is not over after ${this.timeoutMs / 1000} s`);
      await new Promise((go) => setTimeout(go, this.intervalMs));
    }
  }

  async process(file, options = {}, onProgress = () => {}) {
    return this.waitFor(await this.upload(file, options), onProgress);
  }

  // refusals are problem+json with success: false; 429 says in Retry-After when to come again
  async ask(path, options = {}, triesLeft = 10) {
    const answer = await fetch(this.baseUrl + path, { ...options, headers: this.headers });
    if (answer.status === 429 && triesLeft > 0) {
      await new Promise((go) => setTimeout(go, 1000 * Number(answer.headers.get("Retry-After") || 5)));
      return this.ask(path, options, triesLeft - 1);
    }
    const told = await answer.json();
    if (!told.success) throw new Error(told.message || told.title);
    return told;
  }
}
