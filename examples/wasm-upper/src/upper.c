/* A WASI command: argv is the function's name and the subject, standard input the payload. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  (void)argc;
  const char *word = strchr(argv[1], '.');
  fprintf(stderr, "called on %s\n", argv[1]);
  if (word != NULL) {
    for (const char *at = word + 1; *at != '\0'; at += 1) putchar(toupper((unsigned char)*at));
    putchar(' ');
  }
  for (int c = getchar(); c != EOF; c = getchar()) putchar(toupper(c));
  return 0;
}
