import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { IconButton } from "./icon-button";
import { TipButton } from "./tip-button";

const tip = (): string | null => screen.queryByRole("tooltip")?.textContent ?? null;

it("shows the name of a button to the mouse after a moment, and goes with it", async () => {
  render(<IconButton label="Copy">+</IconButton>);
  const button = screen.getByRole("button", { name: "Copy" });
  await userEvent.hover(button);
  expect(tip()).toBeNull();
  await screen.findByRole("tooltip");
  expect(tip()).toBe("Copy");
  await userEvent.unhover(button);
  expect(tip()).toBeNull();
});

it("follows a name that changes, and goes with Escape", async () => {
  const { rerender } = render(<IconButton label="Copy">+</IconButton>);
  await userEvent.hover(screen.getByRole("button"));
  await screen.findByRole("tooltip");
  rerender(<IconButton label="Copied">+</IconButton>);
  expect(tip()).toBe("Copied");
  await userEvent.keyboard("{Escape}");
  expect(tip()).toBeNull();
});

it("goes when the button is pressed", async () => {
  render(<IconButton label="Copy">+</IconButton>);
  await userEvent.hover(screen.getByRole("button"));
  await screen.findByRole("tooltip");
  await userEvent.click(screen.getByRole("button"));
  expect(tip()).toBeNull();
});

it("describes a figure that it explains", async () => {
  render(<TipButton tip="Cost as the provider stated it">$0.01</TipButton>);
  const figure = screen.getByRole("button", { name: "$0.01" });
  await userEvent.hover(figure);
  await screen.findByRole("tooltip");
  expect(figure).toHaveAccessibleDescription("Cost as the provider stated it");
});
