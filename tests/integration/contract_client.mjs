// Drives the shipped client in Node: base URL, text, file name. Says the task's id, then how it ended, one JSON a line.
import { OcrClient } from "../../docmill/gateway/web/client.mjs";

const [, , baseUrl, text, name] = process.argv;
const client = new OcrClient(baseUrl, { intervalMs: 200 });
const seen = [];
try {
  const task = await client.upload(new Blob([text]), { language: "en" }, name);
  console.log(JSON.stringify({ task }));
  const done = await client.waitFor(task, (status, progress) => seen.push([status, progress]));
  console.log(JSON.stringify({ text: done.ocr_result.full_text, seen }));
} catch (error) {
  console.log(JSON.stringify({ rejected: error.message, seen }));
}
