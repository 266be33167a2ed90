package io.instabilityguard.guard.notification;

/**
 * One step in the life of an incident.
 *
 * @param incident as it is now
 * @param isNewStatus whether its status is another than before
 */
public record IncidentUpdate(Incident incident, boolean isNewStatus) {}
