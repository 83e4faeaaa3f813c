import { expect, it } from "vitest";
import { fit, readImage } from "./read-image";

it.each([
  [
    { width: 800, height: 600 },
    { width: 800, height: 600 },
  ],
  [
    { width: 4000, height: 1000 },
    { width: 2000, height: 500 },
  ],
  [
    { width: 3000, height: 6001 },
    { width: 1000, height: 2000 },
  ],
  [
    { width: 9000, height: 1 },
    { width: 2000, height: 1 },
  ],
])("fits %j into %j", (size, fitted) => {
  expect(fit(size)).toEqual(fitted);
});

it("names what is no picture", async () => {
  const file = new File(["%PDF-"], "plan.pdf", { type: "application/pdf" });
  await expect(readImage(file)).rejects.toThrow("“plan.pdf” is not a PNG, JPEG, WebP or GIF.");
});
