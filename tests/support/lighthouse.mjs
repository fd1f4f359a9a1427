// Judges one address after the other: a line in, a line out. One start serves them all.
// Arguments: Lighthouse's own module, and the port at which a browser takes orders.
import { createInterface } from "node:readline";

const [, , module, port] = process.argv;
const { default: lighthouse } = await import(module);

for await (const address of createInterface({ input: process.stdin })) {
  const { lhr } = await lighthouse(address, {
    port: Number(port),
    logLevel: "silent",
    onlyCategories: ["accessibility", "best-practices", "seo"],
    disableFullPageScreenshot: true,
  });
  const scores = Object.values(lhr.categories).map(({ id, score }) => [id, score]);
  const failed = Object.values(lhr.audits)
    .filter(({ score }) => score !== null && score !== 1)
    .map(({ id }) => id);
  console.log(JSON.stringify({ ...Object.fromEntries(scores), failed }));
}
