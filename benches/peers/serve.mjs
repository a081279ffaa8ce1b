// Serves one peer: `node serve.mjs yoga|mercurius|postgraphile`, with the database in DATABASE_URL. Prints its port.

import { createServer } from "node:http";
import pg from "pg";
import { context, resolvers, typeDefs } from "./schema.mjs";

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const tell = (server) => server.listen(0, "127.0.0.1", () => console.log(server.address().port));

const peers = {
  async yoga() {
    const { createSchema, createYoga } = await import("graphql-yoga");
    const { useGraphQlJit } = await import("@envelop/graphql-jit");
    const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), context: () => context(db), plugins: [useGraphQlJit()], graphiql: false, logging: false });
    tell(createServer(yoga));
  },
  async mercurius() {
    const { default: fastify } = await import("fastify");
    const { default: mercurius } = await import("mercurius");
    const app = fastify();
    app.register(mercurius, { schema: typeDefs, resolvers, context: () => context(db), jit: 1, graphiql: false });
    await app.listen({ port: 0, host: "127.0.0.1" });
    console.log(app.server.address().port);
  },
  async postgraphile() {
    const { postgraphile } = await import("postgraphile");
    const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
    const { makePgService } = await import("postgraphile/adaptors/pg");
    const { grafserv } = await import("postgraphile/grafserv/node");
    const preset = {
      extends: [PostGraphileAmberPreset],
      pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["peer"] })],
      grafserv: { watch: false, graphiql: false },
      grafast: { explain: false },
    };
    const server = createServer();
    await postgraphile(preset).createServ(grafserv).addTo(server);
    tell(server);
  },
};

await peers[process.argv[2]]();
