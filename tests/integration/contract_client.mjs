// A client of the asynchronous OCR contract as its users write them: uploads, polls, reports, resolves or rejects. Runs in Node and in browsers.
export class OcrClient {
  constructor(baseUrl, intervalMs = 5000) {
    this.baseUrl = baseUrl;
    this.intervalMs = intervalMs;
  }

  async upload(file, name, options = {}) {
    const form = new FormData();
    form.append("file", file, name);
    for (const [key, value] of Object.entries(options)) form.append(key, String(value));
    const answer = await (await fetch(`${this.baseUrl}/api/v1/upload/async/`, { method: "POST", body: form })).json();
    if (!answer.success) throw new Error(answer.message);
    return answer.task_id;
  }

  async waitFor(taskId, onProgress) {
    for (;;) {
      const told = await (await fetch(`${this.baseUrl}/api/v1/upload/status/${taskId}/`)).json();
      if (!told.success) throw new Error(told.message);
      onProgress(told.status, told.progress, told.message);
      if (told.status === "completed") return told;
      if (told.status === "failed") throw new Error(told.message);
      await new Promise((go) => setTimeout(go, this.intervalMs));
    }
  }
}

if (typeof process !== "undefined" && process.argv[2]) {
  const client = new OcrClient(process.argv[2], 200);
  const seen = [];
  try {
    const task = await client.upload(new Blob([process.argv[3]]), process.argv[4], { language: "en" });
    console.log(JSON.stringify({ task }));
    const done = await client.waitFor(task, (status, progress) => seen.push([status, progress]));
    console.log(JSON.stringify({ text: done.ocr_result.full_text, seen }));
  } catch (error) {
    console.log(JSON.stringify({ rejected: error.message, seen }));
  }
}
