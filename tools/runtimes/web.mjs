// What engines.py does, for onnxruntime-web in Node, without pairs. The argument is where the package is installed.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const ort = createRequire(`${process.argv[2]}/`)("onnxruntime-web");
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync("float.onnx"));
const [pixels, logits, taken] = [new Float32Array(readFileSync("images.f32").buffer), [], []];
for (let start = 0; start < pixels.length; start += 784) {
  const image = new ort.Tensor("float32", pixels.slice(start, start + 784), [1, 1, 28, 28]);
  const before = performance.now();
  const answer = await session.run({ images: image });
  taken.push(1000 * (performance.now() - before));
  logits.push(...answer.logits.data);
}
writeFileSync("logits.f32", new Float32Array(logits));
const { version } = JSON.parse(readFileSync(`${process.argv[2]}/node_modules/onnxruntime-web/package.json`));
console.log(JSON.stringify({ version, microseconds: taken.sort((a, b) => a - b)[taken.length >> 1] }));
