// What a request costs this server and those that someone might pick instead, over the same PostgreSQL, in one run.
//
//   node bench.mjs --server ../../target/release/silkroutes --data bench.db --postgres postgres://…/bench
//
// `--data` is a database of the measured data (`cargo bench --bench load -- --keep FILE` makes one). The peers' tables
// are filled from what this server answers. First all must give the same data; then each is asked alone, one request
// after another, and the CPU that the kernel charged to it, and to PostgreSQL, is shown per request.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { isDeepStrictEqual, parseArgs } from "node:util";
import pg from "pg";
import { fill } from "./fill.mjs";
import { questions } from "./questions.mjs";

const { values: options } = parseArgs({ options: {
  server: { type: "string", default: "../../target/release/silkroutes" },
  data: { type: "string" }, postgres: { type: "string" }, "skip-fill": { type: "boolean" }, scale: { type: "string", default: "1" },
} });
if (!options.data || !options.postgres) throw new Error("Say --data FILE (the measured data) and --postgres URL (a database that may be overwritten).");

const TICKS = 100;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** CPU of a process, in milliseconds. */
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1_000 / TICKS;
};
/** CPU of every process of PostgreSQL on this machine, those that ended included. */
const postgres = () => {
  const all = execFileSync("pgrep", ["-x", "postgres"], { encoding: "utf8" }).trim().split("\n");
  const parent = Math.min(...all.map(Number));
  const ended = readFileSync(`/proc/${parent}/stat`, "utf8").split(") ")[1].split(" ");
  return all.reduce((sum, pid) => { try { return sum + cpu(pid); } catch { return sum; } }, (Number(ended[13]) + Number(ended[14])) * 1_000 / TICKS);
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

/** This server: with every answer made anew, as the peers make theirs; or as it comes, keeping what is asked again. */
const own = (...flags) => start(options.server, ["serve", "--listen", "127.0.0.1:0", "--database", `sqlite://${options.data}`, ...flags], {}, /127\.0\.0\.1:(\d+)\/graphql/);

const peers = [
  { name: "silkroutes", start: () => own("--set", "http.cache_bytes=0") },
  { name: "silkroutes, kept", start: () => own() },
  ...["mercurius", "yoga", "postgraphile"].map((name) => ({
    name, isOwn: name === "postgraphile",
    start: () => start("node", ["serve.mjs", name], { DATABASE_URL: options.postgres, NODE_ENV: "production", GRAPHILE_ENV: "production" }, /^(\d+)\n/m),
  })),
];

if (!options["skip-fill"]) {
  const { child, port } = await peers[0].start();
  const db = new pg.Client({ connectionString: options.postgres });
  await db.connect();
  console.log("data:", await fill(`http://127.0.0.1:${port}/graphql`, db, readFileSync("tables.sql", "utf8")));
  await db.end();
  child.kill();
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
    for (let n = 0; n < rounds / 2; n += 1) await post(port, body(n));
    const before = [cpu(child.pid), postgres()];
    const times = [];
    for (let n = 0; n < rounds; n += 1) {
      const begun = process.hrtime.bigint();
      await post(port, body(n));
      times.push(Number(process.hrtime.bigint() - begun) / 1e6);
    }
    const [server, database] = [(cpu(child.pid) - before[0]) / rounds, (postgres() - before[1]) / rounds];
    times.sort((a, b) => a - b);
    rows.push({ question: question.name, server: peer.name, "CPU server ms": server, "CPU database ms": database, "CPU both ms": server + database,
      "p50 ms": times[rounds >> 1], "p99 ms": times[Math.floor(rounds * 0.99)], "MB": resident(child.pid) });
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
