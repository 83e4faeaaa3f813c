import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { BACKEND } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PICTURE = join(BACKEND, "docs/screenshot.png");
const MAX_BYTES = 300 * 1024;

const EARLIER = ["Three birds of the Baltic", "Packing for a week of hiking"];
const QUESTION = "How do I merge two sorted lists in Python?";
const ANSWER = `The standard library does it, and it does it **lazily**:

\`\`\`python
from heapq import merge

left = [1, 4, 9]
right = [2, 3, 10]

print(list(merge(left, right)))  # [1, 2, 3, 4, 9, 10]
\`\`\`

| Way | Time | Memory |
|---|---|---|
| \`heapq.merge\` | linear | one item of each list |
| \`sorted(left + right)\` | nearly linear here | a third list |

Take \`sorted\` when the lists are short: it says what it means.`;

const NEXT = "And if one of them is sorted the other way round?";

test.runIf(process.env.UPDATE_SCREENSHOT === "1")(
  "the picture of the documents shows a finished answer, and what the next one may cost",
  async ({ console, emulator, chat }) => {
    await emulator.say("Gladly.");
    for (const question of EARLIER) {
      await chat.start(console.origin, question);
      await chat.untilEnded();
    }
    await emulator.behave(`latency=300; rate=80; text=${encodeURIComponent(ANSWER)}`);
    await chat.open(`${console.origin}/`);
    await chat.page.getByRole("combobox", { name: /^Model:/ }).click();
    await chat.page.getByRole("combobox", { name: "Search models" }).fill("o3 mini");
    await chat.page.getByRole("option", { name: /o3 Mini/ }).click();
    await chat.send(QUESTION);
    await chat.page.waitForURL(/\/app\/chat\//);
    await chat.untilEnded();
    await chat.answer.locator(".code-block .hljs-keyword").first().waitFor();
    await chat.button(/^Thought for/).waitFor();
    await chat.composer.fill(NEXT);
    await chat.page.getByText(/^About \$/).waitFor();
    await chat.page.mouse.move(0, 0);
    await chat.page.screenshot({ path: PICTURE });
    expect(statSync(PICTURE).size).toBeLessThanOrEqual(MAX_BYTES);
  },
);
