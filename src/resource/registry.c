/*
 * registry.c
 *	  The list of resources, and look-ups in their descriptors.
 *
 * src/resource/registry.c
 */
#include "postgres.h"

#include "resource/registry.h"

static const QfResource *const resources[] = {
	&qf_model_comp_task,
};

/* All resources; *count is set to their number. */
const QfResource *const *
qf_registry_list(int *count)
{
	*count = lengthof(resources);
	return resources;
}

/* The resource of that name, or NULL. */
const QfResource *
qf_registry_find(const char *name)
{
	for (int i = 0; i < lengthof(resources); i++)
	{
		if (strcmp(resources[i]->name, name) == 0)
			return resources[i];
	}
	return NULL;
}

/* The column of that SQL name, or NULL. */
const QfColumn *
qf_registry_column(const QfResource *resource, const char *name)
{
	for (int i = 0; i < resource->ncolumns; i++)
	{
		if (strcmp(resource->columns[i].name, name) == 0)
			return &resource->columns[i];
	}
	return NULL;
}

/*
 * The column that reads this member by default, or NULL.  It lets a column
 * with the option "field" keep the rules of the member it names.
 */
const QfColumn *
qf_registry_field(const QfResource *resource, const char *path)
{
	for (int i = 0; i < resource->ncolumns; i++)
	{
		for (int j = 0; j < QF_MAX_FIELDS; j++)
		{
			const char *field = resource->columns[i].fields[j];

			if (field != NULL && strcmp(field, path) == 0)
				return &resource->columns[i];
		}
	}
	return NULL;
}
