// class: memory
// tries: to unpack a small payload into more memory than it may have
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=8s memory=16MiB cpu=5s
// calls: 2

const MIB = 2 ** 20;

function zeros(chunks) {
  let left = chunks;
  return new ReadableStream({
    pull(to) {
      left -= 1;
      if (left < 0) to.close();
      else to.enqueue(new Uint8Array(MIB));
    },
  });
}

export default {
  async message(msg, env, ctx) {
    const bomb = await new Response(zeros(64).pipeThrough(new CompressionStream('gzip'))).bytes();
    if (bomb.length > MIB) return 'it is no bomb';
    const chunks = [];
    try {
      for await (const chunk of new Blob([bomb]).stream().pipeThrough(new DecompressionStream('gzip')))
        chunks.push(chunk);
    } catch (error) {
      return error instanceof RangeError ? 'contained' : `it was told "${error.message}"`;
    }
    return chunks.length === 0 ? 'it was not unpacked' : 'contained';
  },
};
