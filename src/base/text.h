/*
 * text.h
 *	  Foreign text made fit for a message.
 *
 * src/base/text.h
 */
#ifndef QF_BASE_TEXT_H
#define QF_BASE_TEXT_H

/* Most bytes of the API's own words that a message repeats. */
#define QF_TEXT_LIMIT 500

extern char *qf_text_clean(const char *text, int limit);
extern char *qf_text_to_utf8(char *text);
extern bool qf_text_is_utf8(const char *text);

#endif							/* QF_BASE_TEXT_H */
