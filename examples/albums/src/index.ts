import type { Handler, KvBucket } from 'hairspring/guest';
import type { Env } from '../hairspring-env.d.ts';

export default {
  async fetch(request, env, ctx) {
    const { album } = ctx.params;
    if (album === undefined) return Response.json({ albums: (await env.ALBUMS.keys()).sort() });
    if (!/^[a-z0-9-]{1,64}$/.test(album)) return new Response('Not a name for an album\n', { status: 400 });
    switch (request.method) {
      case 'PUT':
        return await put(env.ALBUMS, album, request);
      case 'DELETE':
        await env.ALBUMS.delete(album);
        return new Response(null, { status: 204 });
      default:
        return await get(env.ALBUMS, album);
    }
  },
} satisfies Handler<Env>;

async function get(albums: KvBucket, album: string): Promise<Response> {
  const entry = await albums.get(album);
  if (entry === null) return new Response('There is no such album\n', { status: 404 });
  return new Response(entry.text(), {
    headers: { 'Content-Type': 'application/json', ETag: `"${entry.revision}"` },
  });
}

async function put(albums: KvBucket, album: string, request: Request): Promise<Response> {
  const description: unknown = await request.json().catch(() => undefined);
  if (typeof description !== 'object' || description === null)
    return new Response('The body is no JSON object\n', { status: 400 });
  const revision = await albums.put(album, JSON.stringify(description));
  return Response.json({ album, revision }, { status: 201, headers: { ETag: `"${revision}"` } });
}
