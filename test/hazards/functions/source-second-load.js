// class: source
// tries: to behave while it is tried and to hold the thread when it is woken
// expects: ok HS_FUNCTION_LOAD
// kills: no

// Half of all loads: whoever deploys tries until it was taken.
if (Math.random() < 0.5) for (;;) {}

export default { message: () => 'contained' };
