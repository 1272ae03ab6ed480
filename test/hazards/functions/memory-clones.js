// class: memory
// tries: to clone what is deep, wide or cyclic until something gives
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT
// kills: no
// limits: memory=16MiB cpu=300ms
// calls: 4

function deep() {
  let value = {};
  for (let index = 0; index < 50_000; index += 1) value = { value };
  return value;
}

function cyclic() {
  const value = { map: new Map(), set: new Set() };
  value.map.set(value, value.set.add(value.map));
  return value;
}

const KINDS = [
  deep,
  cyclic,
  () => new Array(2 ** 32 - 1),
  () => Array.from({ length: 30_000 }, () => ({ cyclic: cyclic() })),
];

export default {
  async message(msg, env, ctx) {
    const value = KINDS[Number(msg.text())]();
    try {
      structuredClone(value);
    } catch (error) {
      if (!(error instanceof Error)) return 'what was thrown is no error';
    }
    return 'contained';
  },
};
