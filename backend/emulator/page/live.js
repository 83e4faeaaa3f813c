// Shows the newest requests once a second. Everything that was received is set as text, never as markup.
const SHOWN = 50;
const PAUSE_MS = 1000;

const at = (id) => document.getElementById(id);

async function call(method, path) {
  const response = await fetch(path, { method });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

function row(request) {
  const line = document.createElement("tr");
  const body = request.body === null ? "" : JSON.stringify(request.body);
  const cells = [request.n, request.at, `${request.method} ${request.path}`, request.status, request.duration_ms, body];
  for (const value of cells) line.insertCell().textContent = value ?? "";
  line.classList.toggle("refused", request.status >= 400);
  return line;
}

async function refresh() {
  try {
    const [requests, ledger] = await Promise.all([
      call("GET", `/__emulator/requests?limit=${SHOWN}`),
      call("GET", "/__emulator/ledger?limit=0"),
    ]);
    at("requests").replaceChildren(...requests.reverse().map(row));
    at("calls").textContent = ledger.count;
    at("cost").textContent = ledger.total_cost;
    at("state").textContent = "live";
  } catch {
    at("state").textContent = "not reachable";
  }
}

async function watch() {
  await refresh();
  setTimeout(watch, PAUSE_MS);
}

for (const verb of ["reset", "release"]) {
  at(verb).addEventListener("click", () => call("POST", `/__emulator/${verb}`).then(refresh, refresh));
}
watch();
