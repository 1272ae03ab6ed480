// class: source
// tries: to hold the thread while it is loaded, with a clock that stops that of the limit
// expects: HS_FUNCTION_LOAD
// kills: no

for (;;) performance.now();

export default { message: () => 'never' };
