import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// jsdom has no layout, so it cannot scroll; the router asks it to on every navigation.
window.scrollTo = () => {};

afterEach(cleanup);
