import type { ProfileBody } from "@/client/api";

type Tools = ProfileBody["tools"];

const MOST = 128;
const FUNCTION_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const SERVER_TOOL = /^(openrouter:[a-z0-9_]+|web_search[a-z0-9_]*)$/;

/** Tools as their owner edits them: a JSON list, or nothing. */
export function formatTools(tools: readonly unknown[]): string {
  return tools.length === 0 ? "" : JSON.stringify(tools, null, 2);
}

/** The list of a text without problems. */
export function parseTools(text: string): Tools {
  return text.trim() === "" ? [] : (JSON.parse(text) as Tools);
}

/** What is wrong with the text, in words that say where. */
export function toolsProblem(text: string): string | null {
  let tools: unknown;
  try {
    tools = parseTools(text);
  } catch (error) {
    return `This is not JSON yet${whereIn(text, error)}.`;
  }
  if (!Array.isArray(tools)) return "Must be a list: [ … ].";
  if (tools.length > MOST) return "Must be at most 128 tools.";
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const problem = toolProblem(tool, names);
    if (problem !== null) return `Tool ${index + 1} ${problem}`;
  }
  return null;
}

function toolProblem(tool: unknown, names: Set<string>): string | null {
  if (!isObject(tool)) return "must be an object: { … }.";
  if (tool.type !== "function") {
    const isServerTool = typeof tool.type === "string" && SERVER_TOOL.test(tool.type);
    return isServerTool ? null : 'needs "type": "function".';
  }
  const { function: definition } = tool;
  if (!isObject(definition)) return 'needs "function": { "name": …, "parameters": … }.';
  const { name, parameters = null } = definition;
  if (typeof name !== "string") return 'needs a "name" in its "function".';
  if (!FUNCTION_NAME.test(name)) {
    return "has a name that is not 1 to 64 letters, digits, dots, dashes and underscores.";
  }
  if (names.has(name)) return `has the name of another one, “${name}”.`;
  names.add(name);
  if (parameters !== null && !isObject(parameters)) {
    return 'needs a JSON schema, an object, as its "parameters".';
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The line that the reader got to, where the browser says so. */
function whereIn(text: string, error: unknown): string {
  const position = /at position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return ": it ends too early";
  return `: see line ${text.slice(0, Number(position)).split("\n").length}`;
}
